"""关于任务的中文语句：标签是什么，以及有多种征象的胶片。"""

SENTENCES: dict[str, str] = {
    "expected.task": "classes、findings，或某个已安装软件包的任务",
    "expected.meanings": '对某一征象：uncertain = "ignore" | "absent" | "present" | 0.5，或 blank = "ignore" | '
    '"absent"',
    "task-unknown": "没有任务 {given}；应为以下之一：{expected}",
    "findings-uncertain-unsaid": "有 {cells} 个单元格为不确定（{findings}），其含义没有说明；请在配方的 [task] 小节"
    '写明 uncertain = "ignore" | "absent" | "present" | 0.5；对已有的模型文件或分数表格，请用 --recipe 给出这样的配方',
    "findings-blank-unsaid": "有 {cells} 个单元格为空（{findings}），其含义没有说明；请在配方的 [task] 小节写明 "
    'blank = "ignore" | "absent"；对已有的模型文件或分数表格，请用 --recipe 给出这样的配方',
    "findings-too-few-groups": "带征象的胶片只属于 {groups} 位患者（组）；至少应有 {minimum} 组，每部分一组",
    "finding-one-value": "征象 {name} 在 {present} 张胶片中存在，在 {absent} 张中不存在；学习它两者都需要；请用 "
    "data.classes 排除它，或加入胶片",
    "problem.findings-unknown": "没有说明配方中的任何征象，已排除",
    "problem.findings-blank": "所有征象单元格均为空，已排除",
    "evaluation-no-findings": "{films} 张胶片都没有说明模型的任何征象：{findings}；请用 --table 给出说明它们的表格",
    "state.uncalibrated": "未校准",
    "state.present": "存在",
    "state.absent": "不存在",
    "state.undecided": "未定",
    "state.too-few": "胶片太少，无法保证",
    "findings.state.present": "判为存在：{names}。",
    "findings.state.undecided": "未定：{names}。",
    "findings.numbered": "{name}（{number:.2f}）",
    "findings.untested": "以下判定的可靠程度无人知道，因为模型自己的测试中具有该征象的胶片不足 {minimum} 张：{names}。",
    "findings.state.absent": "判为不存在：{names}。",
    "findings.state.too-few": "有此征象的胶片太少，不作任何保证：{names}。",
    "findings.of-film": "第 {number} 张胶片。{words}",
    "findings.headline.refused": "未通过检查，结果不可靠。{name}",
    "findings.headline.abroad": "此处的胶片与测试胶片不同，结果不可靠。{name}",
    "findings.headline.unlike": "与测试胶片不同，结果不可靠。{name}",
    "findings.no-diagnosis": "判为存在不是诊断：概率低于 50 % 时，多数这样的胶片并没有该征象。所述只对每项征象单独成立"
    "：征象共 {count} 项，一张胶片中判错一项并不少见。",
    "findings.none-present": "没有判为存在的征象",
    "findings.undecided-count": "未定：{of} 项征象中的 {count} 项",
    "findings.too-few": "太少：{n}",
    "findings.table": "胶片",
    "findings.headline": "答案",
    "findings.present": "存在",
    "findings.undecided": "未定",
    "findings.meaning.uncertain": "征象的不确定单元格按此理解：{meaning}。",
    "findings.meaning.blank": "征象的空单元格按此理解：{meaning}。",
    "findings.meaning-columns": "以下征象的单元格另有含义：{columns}。",
    "findings.cells-uncertain": "不确定的单元格：{cells} 个（{findings}），按此理解：{meaning}",
    "findings.cells-blank": "空单元格：{cells} 个（{findings}），按此理解：{meaning}",
    "findings.scarce": "在某一部分（{parts}）中不足 {minimum} 张胶片存在：{names}",
    "findings.share.present": "判为存在",
    "findings.share.absent": "判为不存在",
    "findings.share.undecided": "未定",
    "findings.share.coverage_positives": "有此征象的胶片中，未判为不存在的",
    "findings.share.coverage_negatives": "无此征象的胶片中，未判为存在的",
    "findings.share.predictive_value": "判为存在的胶片中，确有此征象的",
    "findings.of.validation": "验证胶片",
    "findings.of.out-of-fold": "训练胶片，每张都由没见过该患者的网络作答",
    "findings.of.local": "当地胶片",
    "figure.right-findings": "以 50 % 为界判断正确的征象",
    "figure.average_precision": "平均精确率",
    "figure.calibration_error": "校准误差",
    "figure.macro_average_precision": "各征象平均精确率的均值",
    "figure.macro_brier": "Brier 分数的均值",
    "report.findings.finding": "征象",
    "report.findings.counts": "各征象、机构和部分的胶片数。一张胶片计入它的每项征象。一组是同一患者的胶片及其副本。",
    "report.findings.copies": "各征象中属于副本的胶片数",
    "report.findings.decisions": "判定与阈值",
    "report.findings.positives": "有此征象 / 已知",
    "report.findings.macro": "各征象的均值",
    "report.findings.macro-over": "均值只计入至少 {minimum} 张胶片具有的征象：{names}。",
    "report.findings.by-finding": "每项征象的指标",
    "report.findings.unstated": "这里没有说明以下征象：{names}。",
    "report.findings.sets": "对每项征象的判定。在与校准时相似的胶片上保证：有此征象的 {coverage:g} % 不判为不存在，"
    "无此征象的 {coverage:g} % 不判为存在；在别处不作任何保证",
    "report.findings.calls": "所有胶片和征象合计，判为存在 {calls} 次，其中正确 {right} 次。",
    "report.findings.fitted": "拟合所用：{films}",
    "report.findings.fitted-positives": "有此征象",
    "report.findings.fitted-negatives": "无此征象",
    "report.findings.scale": "温度、平移",
    "report.findings.absent-below": "低于此值为不存在",
    "report.findings.present-above": "高于此值为存在",
    "report.findings.subgroups": "各部分胶片的 AUC：{name}",
    "report.findings.first": "测试胶片上 {count} 项征象的平均 AUC：{auc}。计入：{names}。",
    "report.findings.few": "以下征象在测试胶片中不足 {minimum} 张，其指标说明不了什么，不计入均值：{names}。",
    "report.findings.external": "在 {name} 的 {films} 张胶片上，平均 AUC 为 {auc}。",
    "card.tested-findings": "在自己的测试胶片上，该模型 {of} 项征象中 {count} 项的平均 AUC 为 {auc}；测试胶片与训练"
    "胶片来源相同。对其他来源的胶片，预计更低，也可能低得多。",
    "card.recalibrated-findings": "该模型已针对训练来源之外的某地重新校准。在当地测试胶片上，{of} 项征象中 {count} 项的"
    "平均 AUC 为 {auc}。在其他来源的胶片上预计更低，也可能低得多。",
    "card.calibrated-findings": "判定拟合于{films}。在与之相似的胶片中，存在的征象被判为不存在、不存在的被判为存在"
    "，各不超过每 100 例 {most:g} 例；具有某征象的胶片太少时，不作任何保证。",
    "train.fold": "第 {number} 折，共 {total} 折：训练一个没见过它的网络",
    "report.findings.points": "按灵敏度设定的阈值，以及在这些胶片上的结果",
    "report.findings.gap": "自身测试与此处的 AUC",
    "recalibration.halves-findings": "{films} 张带标签的胶片中，{fitted} 张用于拟合（概率、判定、阈值、输入检查）；其余"
    " {tested} 张属于其他患者，用于前后两次测试。",
    "recalibration.missing-findings": "用于拟合的胶片完全没有说明以下征象：{names}。它们的概率就是网络给出的概率，不作"
    "任何保证。",
    "recalibration.probabilities": "重新校准前后的概率（95 % 区间）",
    "recalibration.worse-of": "{name}（之前 {before}，之后 {after}）",
    "recalibration.worse-findings": "按 Brier 分数，以下征象的概率在重新校准后变差：{names}。增加有此征象的带标签胶片"
    "可能会改善。",
    "recalibration.said": "重新校准前后对每项征象的判定；保证 {coverage:g} %",
    "recalibration.advised-findings": "请针对这些胶片重新校准模型：plainfilm recalibrate MODEL SOURCE --table TABLE "
    "--out FILE 至少需要 {minimum} 张当地带标签的胶片，最好有 {better} 张；这里有 {films} 张。",
    "recalibration.needed-findings": "其中一半用于拟合。因此一项征象的判定需要 {decisions} 位有该征象的患者和同样多没有"
    "的患者，其概率各需要 {probabilities} 位。这里达到此数的征象：{enough}。",
    "accuracy-missing": "没有准确率：一张胶片可能有多种征象；请改读 headline，或 figures 中的 {known}",
    "classifier-classes-alone": "FilmClassifier 只学习每张胶片一个类别，而该配方的任务是 {given}；请用 plainfilm.train "
    "训练",
    "list.sentences": "",
    "card.audited-findings": "只凭体位、性别、年龄和来源的表格（不看任何胶片），在其测试胶片上的平均 AUC 为 {table}"
    "；该模型比它高 {gain}。",
    "card.audited-findings-not-above": "只凭体位、性别、年龄和来源的表格（不看任何胶片），在其测试胶片上的平均 AUC 为"
    " {table}。看了胶片的该模型并未显示优于它；相差 {gain}。",
    "audit.written-findings": "audit.json、pairs.html 和 clusters.csv 在 {folder} 中",
    "report.findings.about": "征象：{classes}。每个指标都附有 95 % 区间和胶片数 n。",
    "findings.called-present": "判为存在：{names}",
    "findings.called-more": "判为存在：{names}，另有 {count} 项",
    "compare-tasks": "{first} 与 {second} 是两种预测，一种是类别，一种是征象；请比较同一种",
    "doctor.model-tested-by": "在自身测试胶片上的{figure_key} {value}（{low} 至 {high}，n {n}）",
    "doctor.model-tested-over": "{of} 项征象中 {count} 项的{figure_key}，在自身测试胶片上 {value}（{low} 至 {high}，"
    "n {n}）",
    "doctor.data-cells": "征象的单元格中有 {uncertain} 个不确定、{blank} 个为空。训练之前，须在配方的 [task] "
    "小节说明其含义。",
    "doctor.data-findings": "表格说明了 {count} 项征象（{names}）：这里只区分有征象与无征象的胶片；plainfilm index "
    "--recipe findings 会说明更多。",
    "balance.findings-unused": "表格说明了 {count} 项征象（{names}），而这里把每张胶片当作属于一个类别；要学习征象"
    "请用 --recipe findings",
}

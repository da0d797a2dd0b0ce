"""任何程序写出的分数表格的中文语句：错误，以及对其指标的说明。"""

SENTENCES: dict[str, str] = {
    "help.evaluate-model": "模型文件（model.onnx）；或任何程序写出的分数表格（.csv、.tsv、.txt）：路径，以及每个类别"
    "或征象的概率。分数表格需要 --table，不需要 SOURCE。",
    "help.evaluate-source": "每类一个文件夹的目录、zip、tar、CSV 表格或 index.csv；分数表格不需要。",
    "help.recipe-cells": "这些表格中征象的不确定和空单元格的含义：取自配方的 [task] 小节；不给出时以模型文件所述为准。",
    "evaluate-sources-missing": "没有给出 SOURCE；应为用来测试模型的胶片的文件夹、zip、tar 或表格；只有用分数表格代替"
    "模型时才不需要",
    "recipe-without-cells": "与模型文件一起时，--recipe 说明征象的不确定和空单元格的含义；该配方的任务是 {given}，"
    "而模型的任务是 {expected}；请去掉 --recipe，或给出同一任务的配方",
    "scores-with-sources": "{path} 是分数表格，只用 --table 评估，不打开胶片；请去掉 {source}，或改给模型文件",
    "scores-without-table": "{path} 是分数表格；请用 --table 给出说明这些胶片内容的表格",
    "scores-task": "分数按 {expected} 评估；而配方中 task.kind = {given}",
    "scores-no-columns": "分数表格没有一列与胶片表格的内容同名；它的列：{columns}；胶片表格有：{known}；请用类别或征象"
    "的名称命名分数列，例如 p_COVID",
    "scores-column-twice": "分数表格的列 {columns} 都是 {name}；请只保留一列",
    "scores-film-twice": "{path} 中有几行都是关于 {film}，而 {column} 列的分数不同：{given}；每张胶片应只有一行",
    "scores-cell-unknown": "{film} 在 {column} 列为 {given}；应为 0 到 1 的概率，用小数点，例如 0.93",
    "scores-cell-blank": "{film} 有其他分数，但 {column} 列为空（这样的单元格有 {cells} 个）；请补上，或把该胶片的分数"
    "全部留空，则不评估它",
    "scores-range": "{film} 在 {column} 列为 {given}，共有 {beyond} 个分数小于 0 或大于 1；应为概率",
    "scores-logits": "{path} 中的分数像是 logit：{cells} 个中有 {beyond} 个小于 0 或大于 1（{film}，{column}：{given}"
    "）；应为概率：{link}",
    "scores-percent": "{path} 中的分数像是百分数：{cells} 个中有 {beyond} 个大于 1（{film}，{column}：{given}）；应为"
    "概率：请除以 100",
    "scores-sum": "{path} 中有 {films} 张胶片的概率（{columns}）之和与 1 相差超过 0.01：{film} 为 {sum}；如果一张胶片"
    "只属于一个类别，请对所有类别做 softmax，没有胶片的类别列请命名为 p_NAME；如果可以同时有几种征象，请加上 --recipe "
    "findings",
    "scores-none-judged": "{path} 的 {films} 张胶片没有一张可以评估：{reasons}",
    "scores-cells-unsaid": "{findings} 的单元格中有 {uncertain} 个不确定、{blank} 个为空，其含义没有默认值；请用 "
    '--recipe 给出配方，其 [task] 小节写明 kind = "findings"、uncertain = "ignore" | "absent" | "present" | 0.5、'
    'blank = "ignore" | "absent"',
    "scores.sigmoid": "请对每个分数做 sigmoid：1 / (1 + exp(-分数))",
    "scores.softmax": "请对每张胶片的各类别做 softmax：exp(分数) / 各 exp(分数) 之和",
    "scores.left-out-for": "{reason} {films}",
    "scores.reason.no-row": "胶片表格中没有这一行",
    "scores.reason.no-score": "没有分数",
    "scores.reason.no-label": "没有标签，或单元格全空",
    "scores.reason.several-labels": "一个单元格有几个标签",
    "scores.reason.class-unknown": "标签没有对应的分数列",
    "scores.title": "对其他程序所写分数的测试",
    "scores.about": "胶片：{films}。评分对象：{names}。每个数字都附有 95 % 区间和 n（胶片数）。",
    "scores.first": "评估了什么",
    "scores.not-ours": "这些是其他程序的分数：plainfilm 无法审计它的胶片和类激活图，也无法知道它以前是否见过这些胶片。",
    "scores.counts": "分数：{rows} 行，关于 {films} 张胶片；评估其中 {judged} 张。",
    "scores.left-out": "有分数但没有评估的胶片",
    "scores.table": "表格 {table}：共 {rows} 行，其中 {fit} 行的胶片有分数，{twice} 行重复。",
    "scores.unfit": "  胶片没有分数的行：{rows} 行。",
    "scores.for-instance": "  例如：{names}。",
    "scores.taken.classes": "按类别处理，每张胶片属于一个：{columns}。",
    "scores.taken.findings": "按征象处理，每张胶片可有任意几种：{columns}。",
    "scores.unscored": "没有分数，不评估：{names}。",
    "scores.further": "其他列，不使用：{names}。",
    "scores.others": "{count} 个名称这里不认识",
    "scores.these": "表格中的胶片",
    "scores.copies": "没有打开胶片，因此不知道哪些互为副本。",
    "scores.patients": "{films} 张胶片中 {known} 张的患者已知；其余每张各算一位患者。",
    "scores.results": "结果",
    "scores.thresholds": "阈值",
    "scores.name": "对象",
    "scores.films": "有 / 无",
    "scores.threshold": "阈值",
    "scores.thresholds-table": "阈值：0.5，以及达到某一灵敏度的阈值",
    "scores.cross-fitted": "达到某一灵敏度的阈值由这里的全部胶片拟合，需要多于 9、19 或 99 位有此情况的患者。它的效果"
    "则这样测量：每位患者的胶片，都用不含该患者的胶片拟合的阈值来判断。因此结果适用于同一地方以后的胶片，不适用于别处"
    "。",
    "scores.prevalence": "当{name}占胶片的 {prevalence:g} %、且胶片都与这些相似时的预测值",
    "scores.origin": "这些文件是哪些",
    "scores.origin.scores": "分数表格",
    "scores.origin.table": "胶片表格 {number}",
    "scores.written": "已写入：{folder}",
}

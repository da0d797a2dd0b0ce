"""The words for parts of the body and for views that hospitals write into DICOM headers, by meaning and language.

A table to read and to extend. Words are separated by commas; capitals and accents count for nothing; a word with a star
stands for all that begin with it; of words written together (CHESTPA) each counts, those of Chinese and Japanese
wherever they are. What has two meanings in different languages (English `long`, Dutch for lung) is left out: an
unknown word is read with a warning, a wrong one is not.
"""

CHEST, NEAR_CHEST, BESIDE, MISSING = "chest", "near-chest", "beside", "missing"
SPINE = "dicom.part.spine"  # "thoracic spine" is the spine
FRONTAL, SUPINE, DECUBITUS, LATERAL, OBLIQUE = "frontal", "supine", "decubitus", "lateral", "oblique"

Words = dict[str, dict[str, str]]  # meaning -> language -> words

CHESTS: Words = {
    CHEST: {
        "en": "chest, chests, chst, cxr, lung, lungs, thx, thorac*, pleura*, bronch*, mediastin*, pulm*",
        **{"la": "thorax, pulmo, pulmones, cor pulmo", "es": "tórax, torac*, pecho, pulmón, pulmones"},
        **{"pt": "tórax, pulmão, pulmões", "it": "torace, torac*, polmon*, gabbia toracica"},
        "fr": "thorax, poitrine, poumon, poumons, gril costal",
        "de": "thorax, thorak*, brustkorb, lunge, lungen, lungenaufnahme",
        "nl": "thorax, borstkas, longen, longfoto",
        "ru": "грудная клетка, грудной клетки, груд*, огк, огп, торак*, легк*, лёгк*, плевр*",
        "pl": "klatka piersiowa, klatki piersiowej, klp, klatka, klatki, płuc*, toraks",
        **{"tr": "göğüs, gogus, akciğer*, toraks", "cs": "hrudník, hrudníku, plíce, plic"},
        "zh": "胸, 胸部, 胸片, 胸廓, 胸腔, 胸肺, 肺, 肺部, 双肺, 雙肺, 心肺, 纵隔, 縱膈",
        "ja": "胸, 胸部, 肺, 肺野, 胸郭, むね, ムネ, ﾑﾈ, キョウブ, キヨウブ, ｷｮｳﾌﾞ",
        "ko": "흉부, 가슴, 폐, 폐야, 흉곽",
    },
    NEAR_CHEST: {  # their films show the chest as well
        **{"en": "rib, ribs, ribcage, heart, cardiac, trunk, torso, diaphragm", "la": "costa, costae, cor"},
        "es": "costilla, costillas, corazón, tronco, parrilla costal",
        **{"pt": "costela, costelas, coração, arcos costais", "it": "coste, costole, cuore"},
        **{"fr": "côte, côtes, coeur, cœur, tronc", "de": "rippe, rippen, herz, rumpf"},
        **{"nl": "rib, ribben, hart, romp", "ru": "ребр*, рёбр*, сердц*, туловищ*"},
        **{"pl": "żebro, żebra, żeber, serce, serca, tułów", "tr": "kosta, kaburga*, kalp, gövde"},
        **{"zh": "肋, 肋骨, 心脏, 心臟, 躯干, 軀幹", "ja": "肋骨, 心臓, 体幹", "ko": "늑골, 갈비뼈, 심장, 몸통"},
    },
}

OTHER_PARTS: Words = {  # by the words that a refusal has for them; of several, the first
    SPINE: {
        "en": "spine, back, spines, spinal, vertebra*, cervical, lumbar, lumbo*, sacral, sacrum, coccyx, scolio*, "
        "tspine, lspine, cspine, dspine, sspine, lsspine, tlspine, ctspine, cervicothorac*, thoracolumb*, cervico*, "
        "dorsolumb*",
        "la": "columna vertebralis, vertebrae",
        "es": "columna, espalda, columnas, vértebra*, raquis, lumbar, dorsolumb*, toracolumb*, sacro, coxis, escolio*",
        "pt": "coluna, colunas, vértebra*, lombar, dorsolomb*, toracolomb*, sacro, cóccix, escolio*",
        "it": "colonna, schiena, rachide, vertebr*, lombare, dorsolomb*, toracolomb*, sacro, coccige, scolio*",
        "fr": "colonne, rachis, vertèbre*, lombaire*, dorsolomb*, thoracolomb*, sacrum, coccyx, scolio*",
        "de": "wirbel*, rücken, wirbelsäule, brustwirbel*, lendenwirbel*, halswirbel*, thorakolumb*, bws, lws, hws, "
        "kreuzbein, steißbein, skolio*",
        "nl": "wervel*, rug, borstwervel*, lendenwervel*, halswervel*, ruggengraat, cwk, twk, lwk, heiligbeen, "
        "stuitbeen",
        "ru": "позвон*, спина, спины, грудной отдел, грудопояс*, хребет, шоп, гоп, поп, пояснич*, крестец, крестц*, "
        "копчик*, сколио*",
        "pl": "kręgosłup*, plecy, kręg, kręgi, odcinek, odcinka, lędźwi*, krzyż*, guzicz*, skolio*",
        "tr": "omurga*, vertebra*, torakal, torakolomb*, lomber, servikal, sakrum, skolyo*",
        "zh": "脊, 脊柱, 脊椎, 腰, 腰部, 颈椎, 頸椎, 胸椎, 腰椎, 胸腰, 胸腰椎, 胸腰段, 骶, 尾骨, 尾椎, 椎",
        "ja": "脊, 脊椎, 脊柱, 腰, 腰部, 頚椎, 頸椎, 胸椎, 腰椎, 胸腰椎, 仙骨, 仙椎, 尾骨, 椎, セキツイ, ヨウツイ, "
        "ケイツイ, キョウツイ",
        "ko": "척추, 경추, 흉추, 요추, 흉요추, 천추, 천골, 미추, 미골",
    },
    "dicom.part.breast": {
        **{"en": "breast, breasts, mammo*, nipple", "es": "mama, mamas, mamari*, seno", "pt": "mama, mamas, mamári*"},
        **{"it": "mammella, mammelle, mammari*, seno", "fr": "sein, seins, mammaire*"},
        **{"de": "mamma, brustdrüse, brustdruese", "nl": "mamma, borsten"},
        **{"ru": "молочная железа, молочной железы, молочн*, маммо*", "pl": "pierś, piersi, sutek, sutki, mammo*"},
        **{"tr": "meme, memeler, mamo*", "zh": "乳腺, 乳房, 乳", "ja": "乳房, 乳腺, 乳, ニュウボウ", "ko": "유방"},
    },
    "dicom.part.abdomen": {
        "en": "abdomen, abdominal, abd, abdo, kub, belly, kidney, kidneys, renal, liver, stomach, bladder, "
        "gallbladder, colon, bowel, rectum, duodenum, jejunum, ileum, pancreas, spleen, ureter, urethra, adrenal, "
        "urinary",
        "es": "abdomen, abdom*, vientre, riñón, riñones, hígado, estómago, vejiga",
        "pt": "abdômen, abdome, abdom*, ventre, barriga, rim, rins, fígado, estômago, bexiga",
        "it": "addome, addomin*, ventre, rene, reni, fegato, stomaco, vescica",
        "fr": "abdomen, abdom*, ventre, asp, rein, reins, foie, estomac, vessie",
        "de": "abdomen, abdom*, bauch, bauchraum, niere, nieren, leber, magen, blase",
        "nl": "abdomen, buik, nier, nieren, lever, maag, blaas, boz",
        "ru": "живот, живота, брюшн*, абдом*, почк*, почек, печен*, желудок, желудк*, обп",
        "pl": "brzuch, brzucha, brzusz*, jama brzuszna, jamy brzusznej, nerka, nerki, wątroba, żołądek",
        "tr": "karın, batın, abdomen, adbg, böbrek*, karaciğer, mide",
        **{"zh": "腹, 腹部, 肾, 腎, 泌尿, 肝, 胃, 肠, 腸, 膀胱", "ja": "腹, 腹部, 腎, 肝, 胃, 腸, 膀胱, フクブ, ﾌｸﾌﾞ"},
        "ko": "복부, 배, 신장, 간, 위장",
    },
    "dicom.part.head": {
        "en": "skull, head, brain, face, facial, orbit, orbits, sinus, sinuses, paranasal, nose, nasal, ear, ears, "
        "eye, eyes, cornea, sclera, eyelid, iac, mastoid*, zygoma, cheek, scalp, cranium, crani*, cerebellum, sella, "
        "temporal, parotid",
        "es": "cráneo, cabeza, cara, órbita*, senos paranasales, nariz, oído, ojo, ojos, cerebro, cavum",
        "pt": "crânio, cabeça, rosto, seios da face, seios paranasais, órbita*, nariz, ouvido, olho, cérebro",
        "it": "cranio, testa, volto, seni paranasali, orbita, naso, orecchio, occhio, cervello",
        "fr": "crâne, tête, visage, orbite*, nez, oreille, oeil, œil, cerveau, sinus",
        "de": "schädel, schaedel, kopf, gesicht*, nase, nasennebenhöhlen, nnh, ohr, auge, gehirn, orbita",
        "nl": "schedel, hoofd, gezicht, neus, neusbijholten, oor, oog, oogkas, hersenen",
        "ru": "череп, черепа, голов*, лицо, лица, пазух*, ппн, нос, носа, орбит*, глаз*, мозг",
        "pl": "czaszk*, głow*, twarz*, zatok*, nos, nosa, oczod*, oko, ucho, mózg",
        "tr": "kafa, kranium, kranyum, baş, yüz, sinüs*, burun, kulak, göz, beyin, waters",
        "zh": "头, 頭, 头颅, 頭顱, 颅, 顱, 面部, 颜面, 顏面, 鼻, 眼, 眼眶, 耳, 乳突, 鼻窦, 鼻竇, 脑, 腦",
        "ja": "頭, 頭部, 頭蓋, 顔, 顔面, 鼻, 副鼻腔, 眼, 眼窩, 耳, 脳, 乳様突起, トウブ",
        "ko": "두부, 머리, 두개골, 두개, 얼굴, 안면, 부비동, 코, 눈, 귀, 뇌",
    },
    "dicom.part.jaw": {
        "en": "jaw, jaws, tooth, teeth, dental, mandible, mandib*, maxilla, maxillary, tmj, mouth, tongue, "
        "submandibular",
        "es": "mandíbula, maxilar, diente, dientes, boca, atm",
        "pt": "mandíbula, maxilar, dente, dentes, boca, atm",
        "it": "mandibola, mascell*, dente, denti, bocca, ortopantomografia",
        "fr": "mâchoire, mandibule, dent, dents, bouche, maxillaire",
        "de": "kiefer, unterkiefer, oberkiefer, zahn, zähne, zaehne, mund, opg",
        **{"nl": "kaak, onderkaak, bovenkaak, tand, tanden, gebit, mond", "ru": "челюст*, зуб, зубы, зубов, внчс, рот"},
        **{"pl": "szczęk*, żuchw*, ząb, zęby, zębów, usta", "tr": "çene, diş, dişler, mandibula, maksilla, ağız"},
        **{"zh": "颌, 頜, 下颌, 下頜, 上颌, 上頜, 牙, 齿, 齒, 口腔, 颞颌", "ja": "顎, 下顎, 上顎, 歯, 口腔"},
        "ko": "턱, 하악, 상악, 악관절, 치아, 치과, 구강",
    },
    "dicom.part.neck": {
        "en": "neck, larynx, pharynx, thyroid, carotid, trachea, adenoid, adenoids",
        **{"es": "cuello, laringe, faringe, tiroides, tráquea", "pt": "pescoço, laringe, faringe, tireoide, traqueia"},
        **{"it": "collo, laringe, faringe, tiroide, trachea", "fr": "cou, larynx, pharynx, trachée"},
        **{"de": "hals, halsweichteile, kehlkopf, schilddrüse, trachea", "nl": "nek, hals, strottenhoofd, schildklier"},
        **{"ru": "шея, шеи, гортан*, глотк*, трахе*", "pl": "szyja, szyi, szyję, krtań, krtani, tchawic*"},
        **{"tr": "boyun, larinks, trakea, tiroid", "zh": "颈, 頸, 颈部, 頸部, 喉, 咽, 气管, 氣管, 甲状腺, 甲狀腺"},
        **{"ja": "頚, 頸, 頚部, 頸部, 喉頭, 咽頭, 気管, 甲状腺", "ko": "목, 경부, 후두, 인두, 기도, 갑상선"},
    },
    "dicom.part.pelvis": {
        "en": "pelvis, pelvic, pelv, hip, hips, ilium, acetabulum, buttock, uterus, ovary, prostate, anus, testis, "
        "scrotum, cervix, penis, vagina, vulva, placenta, sacroiliac",
        "es": "pelvis, cadera, caderas, sacroiliaca*, próstata, útero",
        "pt": "pelve, pélvis, bacia, quadril, quadris, próstata, útero",
        "it": "bacino, pelvi, anca, anche, prostata, utero",
        "fr": "bassin, pelvis, hanche, hanches, prostate, utérus",
        "de": "becken, hüfte, hüften, huefte, hüftgelenk*, prostata, gebärmutter, isg",
        **{"nl": "bekken, heup, heupen, prostaat, baarmoeder", "ru": "таз, таза, тазобедр*, тбс, малый таз"},
        **{"pl": "miednic*, biodro, biodra, biodrow*, macica", "tr": "pelvis, kalça, leğen, prostat, rahim"},
        "zh": "骨盆, 盆腔, 盆, 髋, 髖, 髋关节, 骶髂, 子宫, 子宮, 前列腺",
        **{"ja": "骨盤, 股関節, 臀部, 子宮, 前立腺, コツバン, コカンセツ", "ko": "골반, 고관절, 엉덩이, 자궁, 전립선"},
    },
    "dicom.part.shoulder": {
        "en": "shoulder, shoulders, clavic*, clavicle, scapula, axilla, ac joint, acjoint, acromio*, sternoclav*",
        "es": "hombro, hombros, clavícula, escápula, omóplato, axila",
        **{"pt": "ombro, ombros, clavícula, escápula, axila", "it": "spalla, spalle, clavicola, scapola, ascella"},
        "fr": "épaule, épaules, clavicule, omoplate, aisselle",
        "de": "schulter, schultern, schultergelenk, schlüsselbein, klavikula, schulterblatt, skapula, achsel",
        "nl": "schouder, schouders, sleutelbeen, schouderblad, oksel",
        "ru": "плечевой сустав, плечевого сустава, ключиц*, лопатк*, надплеч*",
        "pl": "bark, barku, barki, obojczyk*, łopatk*, pacha",
        "tr": "omuz, omuzlar, klavikula, köprücük, skapula, kürek kemiği",
        **{"zh": "肩, 肩部, 肩关节, 锁骨, 鎖骨, 肩胛, 腋, 胸锁, 胸鎖", "ja": "肩, 肩関節, 鎖骨, 肩甲, 胸鎖, カタ"},
        "ko": "어깨, 견관절, 쇄골, 견갑골, 겨드랑이",
    },
    "dicom.part.arm": {
        "en": "arm, arms, forearm, forearms, upperarm, elbow, elbows, humerus, radius, ulna, upper extremity, "
        "upper limb, upperextremity, upperlimb, uppextremity",
        "es": "brazo, brazos, antebrazo, codo, codos, húmero, cúbito, miembro superior",
        "pt": "braço, braços, antebraço, cotovelo, úmero, ulna, membro superior",
        "it": "braccio, avambraccio, gomito, omero, arto superiore",
        "fr": "bras, avant bras, avantbras, coude, coudes, humérus, cubitus, membre supérieur",
        "de": "arm, arme, oberarm, unterarm, ellenbogen, ellbogen, ellbogengelenk, speiche, elle",
        "nl": "arm, armen, onderarm, bovenarm, elleboog, spaakbeen, ellepijp",
        "ru": "плечо, плеча, плечев*, предплеч*, рука, руки, локоть, локт*, верхняя конечность",
        "pl": "ramię, ramienia, przedrami*, łokieć, łokcia, łokciow*, kończyna górna",
        "tr": "kol, kollar, önkol, dirsek, humerus, üst ekstremite",
        "zh": "臂, 上臂, 前臂, 肘, 肘关节, 肱骨, 尺骨, 桡骨, 橈骨, 尺桡骨, 上肢",
        **{"ja": "腕, 上腕, 前腕, 肘, 橈骨, 尺骨, 上肢", "ko": "팔, 상완, 상완골, 전완, 전완부, 팔꿈치, 주관절, 상지"},
    },
    "dicom.part.hand": {
        "en": "hand, hands, wrist, wrists, finger, fingers, thumb, thumbs, carpal, scaphoid, metacarp*, bone age, "
        "boneage",
        "es": "mano, manos, muñeca, muñecas, dedo, dedos, pulgar, carpo, edad ósea",
        "pt": "mão, mãos, punho, punhos, dedo, dedos, polegar, idade óssea",
        "it": "mano, mani, polso, polsi, dito, dita, pollice",
        "fr": "main, mains, poignet, poignets, doigt, doigts, pouce, age osseux",
        "de": "hand, hände, haende, handgelenk*, finger, daumen, handwurzel",
        "nl": "hand, handen, pols, polsen, vinger, vingers, duim",
        "ru": "кисть, кисти, кистей, запяст*, лучезапяст*, палец, пальц*",
        "pl": "ręka, ręki, ręce, dłoń, dłoni, dłonie, nadgarst*, palec, palce, kciuk",
        "tr": "sol el, sağ el, eller, el bileği, bilek, parmak, parmaklar",
        "zh": "手, 手部, 腕部, 腕关节, 手腕, 指, 手指, 拇指, 掌骨",
        **{"ja": "手, 手関節, 手指, 指, 手根, 母指, 手首, テユビ", "ko": "손, 손목, 손가락, 수부, 수근, 엄지"},
    },
    "dicom.part.leg": {
        "en": "leg, legs, knee, knees, femur, femurs, thigh, thighs, tibia, fibula, tibfib, patella, calf, "
        "lower extremity, lower limb, lowerextremity, lowerlimb, lowextremity, lowextremt",
        "es": "pierna, piernas, rodilla, rodillas, muslo, fémur, peroné, rótula, miembro inferior",
        "pt": "perna, pernas, joelho, joelhos, coxa, coxas, fêmur, tíbia, fíbula, patela, membro inferior",
        "it": "gamba, gambe, ginocchio, ginocchia, coscia, femore, perone, rotula, arto inferiore",
        "fr": "jambe, jambes, genou, genoux, cuisse, fémur, péroné, rotule, membre inférieur, pangonogramme",
        "de": "bein, beine, knie, kniegelenk*, oberschenkel, unterschenkel, schienbein, wadenbein, kniescheibe",
        "nl": "been, benen, bovenbeen, onderbeen, knie, knieën, dijbeen, scheenbeen, kuitbeen, knieschijf",
        "ru": "нога, ноги, ног, колен*, бедро, бедра, бедрен*, голень, голени, надколен*, нижняя конечность",
        "pl": "noga, nogi, kolan*, udo, uda, udow*, podudzi*, piszczel*, strzałk*, rzepk*, kończyna dolna",
        "tr": "bacak, bacaklar, diz, dizler, uyluk, femur, tibia, fibula, patella, alt ekstremite",
        "zh": "腿, 大腿, 小腿, 膝, 膝关节, 股骨, 胫, 脛, 胫腓骨, 腓骨, 髌, 髕, 下肢",
        "ja": "下肢, 膝, 膝関節, 大腿, 下腿, 脛骨, 腓骨, 膝蓋, ヒザ",
        "ko": "다리, 무릎, 슬관절, 대퇴, 대퇴골, 대퇴부, 하퇴, 경골, 비골, 슬개골, 하지",
    },
    "dicom.part.foot": {
        "en": "foot, feet, ankle, ankles, toe, toes, calcaneus, calcan*, heel, heels, metatars*, tarsal, hindfoot, "
        "forefoot",
        "es": "pie, pies, tobillo, tobillos, calcáneo, talón, antepié",
        "pt": "pé, pés, tornozelo, tornozelos, calcâneo, calcanhar",
        "it": "piede, piedi, caviglia, caviglie, calcagno, alluce",
        "fr": "pied, pieds, cheville, chevilles, orteil, orteils, talon",
        "de": "fuß, füße, fuss, fuesse, sprunggelenk, osg, zehe, zehen, ferse, fersenbein, vorfuß, mittelfuß",
        "nl": "voet, voeten, enkel, enkels, teen, tenen, hiel, hak",
        "ru": "стопа, стопы, стоп, голеностоп*, пятк*, пяточн*, палец стопы",
        "pl": "stopa, stopy, staw skokowy, skokow*, kostka, kostki, pięta, pięty, paluch",
        **{"tr": "ayak, ayaklar, ayak bileği, topuk, kalkaneus", "zh": "足, 足部, 踝, 踝关节, 脚, 腳, 趾, 跟骨, 跖"},
        **{"ja": "足, 足部, 足関節, 足趾, 踵, 踵骨, 足首, アシ", "ko": "발, 발목, 발가락, 족부, 족관절, 종골, 뒤꿈치"},
    },
    "dicom.part.whole-body": {
        "en": "whole body, wholebody, full body, fullbody, entire body, total body, babygram, skeletal survey, "
        "skeleton",
        **{"es": "cuerpo entero, cuerpo completo, esqueleto", "pt": "corpo inteiro, corpo todo, esqueleto"},
        **{"it": "corpo intero, total body, scheletro", "fr": "corps entier, squelette"},
        **{"de": "ganzkörper, ganzkoerper, skelett", "nl": "hele lichaam, totale lichaam, skelet"},
        **{"ru": "все тело, всё тело, скелет", "pl": "całe ciało, szkielet, kościec", "tr": "tüm vücut, iskelet"},
        **{"zh": "全身, 骨骼", "ja": "全身, 全身骨", "ko": "전신, 전신골"},
    },
    "dicom.part.other": {
        "en": "extremity, extremities, limb, limbs, sternum, sternal, esophag*, oesophag*",
        **{"es": "extremidad, extremidades, esternón, esófago", "pt": "extremidade, extremidades, esterno, esôfago"},
        "it": "estremità, arto, arti, sterno, esofago",
        "fr": "extrémité, extrémités, membre, membres, oesophage, œsophage",
        "de": "extremität, extremitäten, gliedmaßen, brustbein, speiseröhre",
        "nl": "extremiteit, extremiteiten, ledematen, borstbeen, slokdarm",
        **{"ru": "конечност*, грудина, грудины, пищевод*", "pl": "kończyn*, mostek, mostka, przełyk*"},
        **{"tr": "ekstremite*, uzuv, sternum, özofagus", "zh": "四肢, 肢体, 胸骨, 食管, 食道"},
        **{"ja": "四肢, 胸骨, 食道", "ko": "사지, 흉골, 식도"},
    },
}

VIEWS: Words = {
    OBLIQUE: {
        "en": "oblique, obliques, obl, llo, rlo, lao, rao, lpo, rpo, mlo, lmo, obliq*",
        **{"es": "oblicua, oblicuo, oblicuas", "pt": "oblíqua, oblíquo, oblíquas", "it": "obliqua, obliquo, oblique"},
        **{"fr": "oblique, obliques, oad, oag", "de": "schräg, schraeg, schrägaufnahme"},
        **{"nl": "schuin, schuine, driekwart", "ru": "косая, косой, кос", "pl": "skos, skośne, skośna, skośny, skosne"},
        **{"tr": "oblik", "zh": "斜, 斜位, 左前斜, 右前斜", "ja": "斜位, 斜, 斜方向, 第一斜位, 第二斜位"},
        "ko": "사위, 사위상, 사측면",
    },
    DECUBITUS: {
        **{"en": "decubitus, decub, decubs, rld, lld, ldecub, rdecub", "es": "decúbito", "pt": "decúbito"},
        **{"it": "decubito", "fr": "décubitus", "de": "seitenlage, linksseitenlage, rechtsseitenlage"},
        **{"nl": "zijligging", "ru": "латеропоз*, на боку", "pl": "na boku", "tr": "dekübit, dekübitus"},
        **{"zh": "侧卧, 侧卧位, 側臥, 側臥位", "ja": "側臥位, デクビタス", "ko": "측와위, 옆누운"},
    },
    SUPINE: {  # beside a word for lying, that it was on the back or the belly
        **{"en": "supine, dorsal, prone, ventral", "la": "dorsalis, supina", "es": "supino, supina, prono"},
        **{"it": "supino, supina, prono", "fr": "ventral, couché, coucher", "de": "rückenlage, rueckenlage, liegend"},
        **{"nl": "rugligging, liggend", "ru": "лежа, лёжа", "pl": "leżąc, leżąca", "tr": "sırtüstü, yatarak"},
        **{"zh": "仰卧, 仰卧位, 仰臥, 仰臥位, 卧位, 臥位", "ja": "仰臥位, 臥位", "ko": "앙와위, 누운"},
    },
    LATERAL: {
        "en": "lateral, laterals, lat, lats, latl, latr, llat, rlat, ltlat, rtlat, xtlat, ll, rl, ml, lm, "
        "mediolateral, lateromedial, side view, sideview, sagittal",
        **{"es": "lateral, laterales, perfil, latero*", "pt": "lateral, perfil", "it": "laterale, latero*, profilo"},
        **{"fr": "profil, profile, latéral, latérale", "de": "seitlich, seitliche, seitenaufnahme"},
        **{"nl": "lateraal, zijdelings, zijdelingse, dwars, zij", "ru": "бок, боков*", "pl": "bok, boczn*, boczne"},
        **{"tr": "yan, lateral, yandan", "zh": "侧, 側, 侧位, 側位, 左侧位, 右侧位, 侧面, 側面"},
        **{"ja": "側面, 側位, 側, 側面像, ソクメン", "ko": "측면, 옆면, 측면상"},
    },
    FRONTAL: {
        "en": "pa, ap, p a, a p, frontal, front, anteroposterior, posteroanterior, antero posterior, "
        "postero anterior, anterior posterior, posterior anterior, antpost, postant, vd, dv, axial, lordotic, "
        "apical, erect, upright, standing, sitting, semi, semierect, semiupright",
        "es": "frontal, frente, anteroposterior, posteroanterior, bipedestación",
        "pt": "frontal, frente, póstero anterior, ântero posterior, ortostase",
        "it": "frontale, anteroposteriore, posteroanteriore, antero posteriore, postero anteriore",
        "fr": "face, frontal, frontale, antéro postérieur, postéro antérieur, debout",
        "de": "frontal, frontale, stehend, sitzend, dv, vd",
        "nl": "frontaal, frontale, voorachterwaarts, staand, zittend",
        "ru": "прямая, прямой, передняя, передне задняя, задне передняя, стоя, пп, зп",
        **{"pl": "przednio tylne, tylno przednie, przednie, stojąc", "tr": "ön arka, arka ön, önden, ayakta"},
        "zh": "正, 正位, 正面, 后前位, 後前位, 前后位, 前後位, 立位, 站立位, 坐位, 半卧位",
        "ja": "正面, 正面像, 立位, 坐位, 座位, 前後, 後前, ショウメン",
        "ko": "정면, 정면상, 후전, 전후, 후전면, 전후면, 입위, 기립, 좌위",
    },
}

OTHERS: Words = {
    MISSING: {  # they name nothing
        "en": "default, other, others, none, na, n a, nil, null, nan, undefined, undef, unspecified, not specified, "
        "general, unknown, unk, unkn, all, any, misc, miscellaneous, various, empty, blank, test, part, body, "
        "bodypart",
        "es": "otro, otros, otra, otras, ninguno, ninguna, desconocido, general, todo, todos",
        "pt": "outro, outros, nenhum, desconhecido, geral, todos, indefinido",
        "it": "altro, altri, nessuno, sconosciuto, generale, tutti, indefinito",
        "fr": "autre, autres, aucun, aucune, inconnu, général, tous, indéfini, divers",
        "de": "andere, anderes, sonstige, sonstiges, keine, unbekannt, allgemein, alle, undefiniert",
        "nl": "andere, anders, overig, overige, geen, onbekend, algemeen, alles",
        "ru": "другое, прочее, нет, неизвестно, не указано, не определено, общее, все",
        "pl": "inne, inny, brak, nieznane, nieznany, ogólne, wszystkie, nieokreślone",
        "tr": "diğer, yok, bilinmiyor, belirsiz, genel, hepsi, tümü",
        "zh": "其他, 其它, 无, 無, 未知, 不详, 不詳, 不明, 未定义, 默认, 通用, 全部, 一般",
        **{"ja": "その他, なし, 無し, 不明, 未設定, 一般, 全て, 指定なし", "ko": "기타, 없음, 미상, 불명, 일반, 전체"},
    },
    BESIDE: {  # they stand beside a part, and name none
        "en": "left, right, both, lt, rt, bilateral, view, views, vw, projection, port, portable, mobile, bed, "
        "bedside, xray, xrays, xr, cr, dx, dr, rx, film, plain, radiograph, radiography, digital, routine, series, "
        "adult, child, infant, baby, neonate, pediatric, paediatric, inspiration, expiration, insp, exp, upper, "
        "lower, wall, cage, scout",
        "es": "izquierda, izquierdo, derecha, derecho, proyección, radiografía, portátil, simple",
        "pt": "esquerda, esquerdo, direita, direito, incidência, radiografia, leito",
        "it": "sinistra, sinistro, destra, destro, proiezione, radiografia",
        "fr": "gauche, droit, droite, incidence, radiographie, radio, lit",
        "de": "links, rechts, gelenk, aufnahme, röntgen, roentgen, übersicht, bettaufnahme, bett",
        "nl": "links, rechts, opname, foto, röntgenfoto",
        "ru": "левая, левый, правая, правый, рентген, рентгено*, проекция, снимок, обзорн*",
        "pl": "lewa, lewy, prawa, prawy, zdjęcie, rtg, projekcja, przeglądowe",
        "tr": "sol, sağ, grafi, grafisi, röntgen, film",
        "zh": "左, 右, 双, 左侧, 右侧, 双侧, 两侧, 左側, 右側, 雙側, 兩側, 床旁, 床边, 摄影, 攝影, 拍片, 平片, 数字, "
        "线",
        "ja": "左, 右, 両, 左側, 右側, 両側, 撮影, ポータブル, 単純, 線, 写真",
        "ko": "좌, 우, 관절, 방사선, 좌측, 우측, 촬영, 엑스선, 사진, 단순, 이동",
    },
}

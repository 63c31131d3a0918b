/**
 * The words that attacks are made of, by what they do in a sentence and whatever their language.
 * A word may have several classes. Words are lower-case; Chinese entries are matched wherever they stand.
 */
export const WORD_CLASSES = {
  ignore: `ignore ignores ignoring ignored disregard disregarding forget forgetting neglect override overrule bypass circumvent
    discard dismiss drop abandon unlearn erase cancel suspend scrap violate disobey
    ignoriere ignoriert ignorieren vergiss vergesst vergessen missachte missachten umgehe umgeht umgehen verwirf streiche
    ignorez oublie oubliez oublier abandonne contourne contournez
    ignora ignorar ignoren olvida olvide olvidar olvidad descarta sáltate abandona
    dimentica dimenticare aggira esqueça esquece desconsidere contorne negeer vergeet
    игнорируй игнорируйте забудь забудьте обойди zaboravi zaboravite zanemari unut zignoruj zapomnij
    忽略 忘记 忘掉 无视 绕过 放弃`,
  follow: `follow following obey respect heed apply applies count counts bound bind folgen folge befolge befolgen beachte beachten gelten gilt halten
    respecte tenez tiens suis hagas sigas siga seguir cumplir seguire соблюдай обращай следуй slijedi uyma volg 遵守 听从`,
  gone: `void cancelled canceled replaced changed invalid obsolete irrelevant nothing aufgehoben hinfällig irrelevant ungültig annulées anuladas
    nevažeće 作废 无效`,
  prior: `previous previously prior above earlier preceding former before original initial past foregoing aforementioned old
    vorherigen vorherige vorigen vorige bisherigen bisherige obigen obige vorangehenden früheren frühere davor vorhin
    précédentes précédente précédents ci-dessus précède anciennes avant
    anteriores anterior previas previos arriba antes precedenti precedente acima vorige hierboven
    предыдущие прежние раньше ранее prethodne prije önceki yukarıdaki poprzednie
    之前 以上 上面 先前`,
  all: `all every any everything each entire whole alle alles sämtliche toutes tous tout todas todos todo tutte tutto все всё sve tüm wszystkie wszystkich 所有 一切 全部 任何`,
  rules: `instruction instructions instruct rule rules guideline guidelines directive directives commands orders policy policies restriction
    restrictions constraint constraints limitation limitations programming filter filters safeguard safeguards guardrail guardrails
    safety moderation censorship ethics morals
    anweisung anweisungen regel regeln befehle vorgaben richtlinien instruktionen aufgaben aufträge einschränkungen regelwerk ausführungen
    consignes règles directives restrictions filtres
    instrucciones reglas normas directrices órdenes restricciones filtros istruzioni regole filtri
    instruções regras instructies regels инструкции правила указания фильтры instrukcije upute pravila talimatları talimatlar kurallarına
    polecenia zasadach 指令 规则 规定 限制 准则 指示`,
  context: `prompt prompts prompt-text prompt-texte prompttext context documents document articles text message messages conversation task tasks told said
    training programming persona directions information informationen kontext dokumente artikel aufgabe gesagt gesagte
    contexte contexto dicho dit detto dito gesprek сказано 提示 内容 提示词`,
  your: `your you yourself thy dein deine deinen deinem deiner deines ihre ihren ton ta tes votre vos tu tus su sus tuo tua tue suas seu seus je твой твои свой свои svoja kurallarına 你 你的 您的`,
  make: `make create build produce develop generate baue erstelle crée haz 制造 制作`,
  reveal: `reveal show print repeat output display tell give dump leak copy quote recite echo expose disclose list paste spell write return translate encode summarise summarize
    zeige zeig verrate verrat gib nenne wiederhole liste schreibe wiedergeben révèle affiche montre répète recopie copie dis donne
    revela muestra muéstrame repite copia dime rivela mostra revele mostre toon geef покажи выведи otkrij göster ujawnij 显示 输出 告诉 重复 透露 泄露`,
  secret: `system hidden secret initial internal confidential verbatim developer developers' exact full entire geheimen geheime versteckten internen vollständigen
    secrètes internes cachées système secretas ocultas internas sistema sistemski системный 系统 秘密 隐藏 内部 完整`,
  prompt: `prompt prompts system-prompt systemprompt system-prompts system-message preprompt prompttext prompttexte prompt-texte prompt-text instructions instruction configuration guidelines rules
    anweisungen regeln vorgaben consignes instructions règles instrucciones reglas órdenes istruzioni instruções instructies промпт инструкции prompta istemini talimatlarını 提示词 提示 指令 规则`,
  question: `what which was welche que quelles cuáles qué какие 什么 哪些`,
  written: `written wrote stands said says steht stand geschrieben écrit escrito written scritto write`,
  role: `act pretend roleplay role-play imagine simulate emulate become impersonate behave play playing persona character immerse
    spiele spielst rolle tu imagine imagina eres actúa joue es 扮演 你是 假装 想象 角色 you're`,
  now: `now henceforth onwards forward jetzt nun ab ahora désormais maintenant adesso agora теперь 现在 从现在`,
  unbound: `uncensored unfiltered unrestricted amoral immoral unethical jailbroken jailbreak lawless unbound unhinged unmoderated
    limitless boundless freed liberated evil nsfw böse unzensiert grenzenlos méchant malvado 邪恶 无限制`,
  without: `no without never any free zero lacks ohne keine keinerlei kein frei sans aucune aucun sin ninguna senza без 没有 不受`,
  limits: `rules restrictions limits limitations filter filters filters boundaries guidelines ethics ethical moral morals morality censorship disclaimer disclaimers
    warnings warning policies policy laws conscience confines refusal
    regeln grenzen filter moral einschränkungen rücksicht règles limites limite filtre morale restrictions reglas límites filtros moral limiti правил фильтров ограничений 限制 道德 规则`,
  refuse: `refuse refuses refusing decline declines deny denies reject warn apologise apologize hesitate ablehnt ablehnen verweigern weigert refuse niega negarse rechaza отказывай 拒绝`,
  never: `never not cannot can't don't won't nie niemals nicht jamais nunca никогда 不 不许 绝不 永远不会`,
  character: `character role persona rolle personnage personaje`,
  stay: `stay stays remain remains break breaking leave bleib bleibe reste 保持`,
  mode: `mode modus`,
  modeName: `dan developer god debug unrestricted jailbreak admin sudo unlocked evil unfiltered opposite chaos maintenance`,
  danger: `bomb bombs explosive explosives meth methamphetamine ransomware malware keylogger virus trojan phishing botnet ddos exploit murder kill poison kidnap hitman
    launder counterfeit forge forged steal stalk blackmail smuggle traffic groom hack drugs cocaine heroin weapon weapons gun nerve anthrax ricin suicide
    undetected untraceable bombe bomben waffe gift bomba 炸弹 毒品 病毒`,
  howto: `how instructions step steps tutorial guide recipe plan wie anleitung comment cómo как 怎么 如何 怎样`,
  machine: `ai a.i. llm llms chatbot assistant assistants gpt chatgpt agent language bot ki 人工智能 助手`,
  address: `note notice attention important reading reader message instruction task comply obey must execute addressed dear if`,
  concealed: `tell mention inform show hide silently secretly silent hidden`,
  user: `user users customer reader human operator nutzer benutzer usuario utilisateur 用户`,
  lifted: `overridden lifted off disabled disable deactivate deactivated removed unlocked granted turned switched`,
  authority: `admin administrator developer developers creator maker openai anthropic vendor owner root engineer sudo maintenance system entwickler créateur 开发者 管理员`,
  only: `only just nothing nur solo seulement solamente apenas только 只`,
  say: `say print output reply answer respond write state repeat scream sage schreibe antworte gib ausgeben di dis diga decir dites scrivi responde réponds скажи 说 回答 输出`,
  fresh: `new neue neuen neu further weitere another nächste nouvelle nueva`,
  task: `task tasks instructions aufgabe aufgaben anweisungen challenge herausforderung assignment tâche tarea`,
  mention: `translate translation mean means meaning phrase sentence expression idiom explain why title headline quote quoted word grammar spelling article paper
    talk lecture example filter blocked detect prevent protect defend defence defense history übersetze bedeutet satz ausdruck erkläre warum traduire
    traduis traduce significa signifie 翻译 意思 什么是 防范`,
  turnedTrigger: `vtaber vafgehpgvbaf cerivbhf flfgrz cebzcg erirny sbetrg ehyrf thvqryvarf qvfertneq
    gur naq lbh lbhe gung guvf jvgu sebz nyy abg gryy jung ubj unir zhfg jvyy jvgubhg jevgr tvir znxr fgrc rirel`,
  backwardTrigger: `erongi snoitcurtsni suoiverp metsys tpmorp laever tegrof selur senilediug dragersid
    eht uoy ruoy taht siht htiw morf llet tahw evah tsum tuohtiw evig yreve etirw`,
} as const;

export type WordClass = keyof typeof WORD_CLASSES;

// What the page says, in both languages. Names of entry kinds and states stay as the record writes them.

const WORDS = {
  skip: ["跳到正文", "Skip to content"],
  stream: ["实时流", "Stream"],
  log: ["日志", "Log"],
  witnesses: ["见证", "Witnesses"],
  signInTitle: ["登录监督席", "Sign in"],
  signInAbout: ["监管人员、数据主管部门和运营单位都从这里查看各自有权查看的记录。每一次查询都会留痕。",
    "Authorities, the data bureau and operating units each see the part of the record that is theirs. Every query leaves an entry."],
  account: ["账号", "Account"],
  password: ["密码", "Password"],
  signIn: ["登录", "Sign in"],
  signOut: ["退出", "Sign out"],
  byToken: ["使用 API 令牌", "Use an API token"],
  token: ["令牌", "Token"],
  document: ["接口文档（OpenAPI）", "Interface description (OpenAPI)"],
  record: ["记录", "Record"],
  kind: ["种类", "Kind"],
  operator: ["运营单位", "Operating unit"],
  run: ["运行", "Run"],
  resource: ["数据资源", "Resource"],
  decision: ["裁定", "Decision"],
  ownRuns: ["本单位的运行；记录本身由监管方查看", "your own runs; the record itself is for those who supervise"],
  any: ["全部", "any"],
  apply: ["筛选", "Filter"],
  pause: ["暂停", "Pause"],
  index: ["序号", "Index"],
  time: ["时间", "Time"],
  facts: ["事实", "Facts"],
  earlier: ["更早的记录", "Earlier entries"],
  close: ["关闭", "Close"],
  calls: ["宿主调用", "Host calls"],
  verdicts: ["出域裁决", "Verdicts of the gate"],
  stopRun: ["停止运行", "Stop this run"],
  revokeGrant: ["撤销授权", "Revoke its grant"],
  reason: ["理由（会写入记录）", "Reason (it goes on the record)"],
  cancel: ["取消", "Cancel"],
  live: ["实时", "live"],
  paused: ["已暂停", "paused"],
  connecting: ["连接中……", "connecting…"],
  brokenOff: ["已断开，正在续接", "broken off, resuming"],
  shown: ["条已显示", "entries shown"],
  newest: ["最新一条", "newest"],
  noCheckpoint: ["尚无检查点", "no checkpoint yet"],
  entries: ["条", "entries"],
  ago: ["前", "ago"],
  witnessed: ["见证通过", "witnessed"],
  notWitnessed: ["未达到法定见证数", "quorum not reached"],
  noWitnesses: ["未配置见证方", "none configured"],
  lag: ["延迟", "lag"],
  unknown: ["不可见", "not visible"],
  state: ["状态", "State"],
  module: ["模块", "Module"],
  grant: ["授权", "Grant"],
  purpose: ["用途", "Purpose"],
  submitted: ["提交", "Submitted"],
  started: ["开始", "Started"],
  ended: ["结束", "Ended"],
  rowsFed: ["送入行数", "Rows fed"],
  traceRoot: ["调用树根", "Trace root"],
  endCause: ["结束原因", "Why it ended"],
  status: ["状态", "Status"],
  releases: ["出域结果", "Releases"],
  hints: ["提示", "Hints"],
  call: ["调用", "Call"],
  what: ["对象", "What"],
  rows: ["行", "Rows"],
  bytes: ["字节", "Bytes"],
  when: ["起始", "Start"],
  took: ["耗时", "Took"],
  noCalls: ["没有宿主调用", "No host calls"],
  noVerdict: ["尚无裁决", "No verdict yet"],
  moreCalls: ["只显示前 {n} 次调用", "Only the first {n} calls are shown"],
  stopAbout: ["运行会立即停止，未出域的结果被销毁。", "The run stops at once; what has not left is destroyed."],
  revokeAbout: ["授权立即失效，其下所有运行停止。此操作不可撤回。", "The grant ends now, and every run under it stops. This cannot be taken back."],
  done: ["已执行并已记录", "done, and on the record"],
  failed: ["请求失败", "the request failed"],
  request: ["请求编号", "request"],
  clause: ["条款", "clause"],
};

const KEPT = "yunei.language";
let language = localStorage.getItem(KEPT) ?? (navigator.language.startsWith("zh") ? "zh" : "en");

export const current = () => language;

/** The words of a key, in the language of the moment. */
export const say = (key) => WORDS[key]?.[language === "zh" ? 0 : 1] ?? key;

/** Puts words wherever `data-say` or `data-label` asks for them. */
export function speak(root = document) {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const place of root.querySelectorAll("[data-say]")) place.textContent = say(place.dataset.say);
  for (const place of root.querySelectorAll("[data-label]")) place.setAttribute("aria-label", say(place.dataset.label));
}

export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem(KEPT, language);
  speak();
}

//! Stable codes, and the sentences that clients read.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::transition::names;

names! {
    /// Interface languages.
    Language {
        /// Chinese.
        Zh = "zh",
        /// English.
        En = "en",
    }
}

macro_rules! codes {
    ($($(#[$meta:meta])* $variant:ident = $text:literal, $status:literal, $zh:literal, $en:literal;)+) => {
        /// Stable error codes. A code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code { $($(#[$meta])* #[doc = $en] #[serde(rename = $text)] $variant),+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as clients see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// The sentence that goes with it.
            #[must_use]
            pub const fn sentence(self, language: Language) -> &'static str {
                match (self, language) { $((Self::$variant, Language::Zh) => $zh, (Self::$variant, Language::En) => $en),+ }
            }
        }
    };
}

codes! {
    BadRequest = "bad-request", 400, "请求格式不正确。", "The request is malformed.";
    NotSignedIn = "not-signed-in", 401, "请先登录。", "Sign in first.";
    SignInFailed = "sign-in-failed", 401, "账号或口令不正确。", "Account or password is wrong.";
    SignInLocked = "sign-in-locked", 429, "登录失败次数过多，请稍后再试。", "Too many failed sign-ins; try again later.";
    NotFound = "not-found", 404, "不存在，或您无权查看。", "It does not exist, or is not yours to see.";
    Forbidden = "forbidden", 403, "策略不允许此操作。", "Policy does not permit this.";
    Conflict = "conflict", 409, "与当前状态冲突。", "It conflicts with the present state.";
    WrongState = "wrong-state", 409, "当前状态下不能进行此操作。", "This cannot be done in the present state.";
    NameTaken = "name-taken", 409, "名称已被使用。", "The name is taken.";
    IdempotencyReused = "idempotency-reused", 409, "幂等键已用于另一请求。", "The idempotency key was used for another request.";
    TooLarge = "too-large", 413, "请求体过大。", "The body is too large.";
    TooManyRequests = "too-many-requests", 429, "请求过于频繁。", "Too many requests.";
    TimedOut = "timed-out", 503, "处理超时。", "It took too long.";
    Internal = "internal", 500, "系统内部错误。", "Something failed inside.";
    RecordFailed = "record-failed", 503, "记录无法写入，操作已停止。", "The record cannot be written; nothing was done.";
    ShuttingDown = "shutting-down", 503, "系统正在停止。", "The system is shutting down.";
    EmergencyStop = "emergency-stop", 409, "系统处于紧急停用状态。", "An emergency stop is in force.";

    ResourceInvalid = "resource-invalid", 422, "目录条目不正确。", "The catalogue entry is not valid.";
    ImportEncoding = "import-encoding", 422, "文件编码不正确。", "The file's encoding is wrong.";
    ImportRagged = "import-ragged", 422, "有一行的列数不对。", "A row has the wrong number of columns.";
    ImportType = "import-type", 422, "有一个值的类型不对。", "A value is of the wrong type.";
    ImportHeader = "import-header", 422, "列与目录不符。", "The columns are not those of the catalogue.";
    ImportTooWide = "import-too-wide", 422, "列数过多。", "There are too many columns.";
    ImportTruncated = "import-truncated", 422, "文件不完整。", "The file is cut short.";
    ImportPath = "import-path", 422, "路径不允许。", "The path is not allowed.";
    ImportEmpty = "import-empty", 422, "文件没有数据。", "The file has no rows.";
    ImportKey = "import-key", 422, "有两行的键相同。", "Two rows have the same key.";
    ImportTwice = "import-twice", 409, "该文件的数据已在此快照中。", "The rows of this file are in that snapshot already.";
    OntoUnknown = "onto-unknown", 422, "要追加的快照不属于该资源。", "The snapshot to add to is not one of this resource.";
    OntoSchema = "onto-schema", 409, "要追加的快照属于另一模式版本。", "The snapshot to add to has another schema version.";
    OntoOrder = "onto-order", 422, "数据时点早于要追加的快照。", "The data tell of an earlier time than the snapshot to add to.";
    OntoMoved = "onto-moved", 409, "其间已有更新的快照，请重试。", "Another snapshot came in meanwhile; try again.";
    SnapshotCorrupt = "snapshot-corrupt", 500, "快照与其摘要不符。", "The snapshot does not match its digest.";

    GrantInvalid = "grant-invalid", 422, "授权内容不正确。", "The terms of the grant are not valid.";
    NegativeList = "negative-list", 403, "属于负面清单，不得授权或使用。", "It is on the negative list.";
    GrantNotActive = "grant-not-active", 409, "授权未生效、已暂停或已终止。", "The grant is not in force.";
    GrantTermOver = "grant-term-over", 409, "不在授权期限内。", "The grant is outside its term.";
    GrantPurpose = "grant-purpose", 403, "使用目的不在授权范围内。", "The purpose is outside the grant.";
    GrantOperator = "grant-operator", 404, "不存在，或您无权查看。", "It does not exist, or is not yours to see.";
    GrantResource = "grant-resource", 403, "资源不在授权范围内。", "A resource is outside the grant.";
    GrantField = "grant-field", 403, "字段不在授权范围内。", "A field is outside the grant.";
    GrantJoin = "grant-join", 403, "授权不包含关联查询。", "The grant gives no right to join.";
    GrantParameter = "grant-parameter", 422, "参数超出允许范围。", "A parameter is outside its range.";
    GrantLineage = "grant-lineage", 422, "输出的口径未登记。", "An output's lineage is not registered.";
    OutputShape = "output-shape", 422, "输出的形状超出闸门的计算范围。", "The gate cannot compute an output of this shape.";
    QuotaRuns = "quota-runs", 409, "运行次数配额已用完。", "The quota of runs is used up.";
    QuotaRows = "quota-rows", 409, "行数配额已用完。", "The quota of rows is used up.";
    QuotaCells = "quota-cells", 409, "出域单元格配额已用完。", "The quota of released cells is used up.";
    PrivacyBudgetUnset = "privacy-budget-unset", 409, "该群体尚未设定差分隐私预算。", "No privacy budget is set for the population.";
    PrivacyBudgetSpent = "privacy-budget-spent", 409, "该群体的差分隐私预算不足以支持此次运行。", "The privacy budget of the population does not cover this run.";
    ConsentMissing = "consent-missing", 409, "尚缺数源单位同意。", "A source unit has not consented.";
    ScenarioNotApproved = "scenario-not-approved", 409, "应用场景未获批准。", "The scenario is not approved.";

    ProductInvalid = "product-invalid", 422, "产品内容不正确。", "The product is not valid.";
    ScheduleInvalid = "schedule-invalid", 422, "排程不正确。", "The schedule is not valid.";
    PeriodInvalid = "period-invalid", 422, "期次不正确。", "The period is not valid.";
    PeriodOpen = "period-open", 409, "该期次尚未关闭。", "The period is not closed yet.";
    EditionTried = "edition-tried", 409, "该期次正在运行，或已用现有快照运行过。", "A run for the period is under way, or was made of the present snapshots already.";

    ModuleRefused = "module-refused", 422, "模块未通过准入检查。", "The module failed admission.";
    ModuleNotAdmitted = "module-not-admitted", 409, "模块尚未准入。", "The module is not admitted.";
    ModuleNotApproved = "module-not-approved", 409, "模块算法尚未通过两人审查。", "Two people have not approved the module's algorithm.";
    ReviewerIsSubmitter = "reviewer-is-submitter", 403, "审核员不能审核自己提交的内容。", "Nobody reviews what they submitted.";
    ReviewerTwice = "reviewer-twice", 409, "同一人不能审核两次。", "One person reviews once.";
    OutputUnopened = "output-unopened", 409, "请先打开封存结果，再作出通过的决定。", "Open the sealed output before you approve it.";
    JudgedAnew = "judged-anew", 409, "闸门此后已重新评判该结果：请重新查看，并注明所依据的评判序号。", "The gate has judged this output anew since: look at it again, and name the judgement.";
    ReviewerKeyMissing = "reviewer-key-missing", 409, "请先登记审核员公钥。", "Register a reviewer's key first.";
    ReviewerKeyUnconfirmed = "reviewer-key-unconfirmed", 409, "新公钥尚待安全管理员确认。", "The new key waits for the security administrator.";
    NoSnapshot = "no-snapshot", 409, "资源没有可用快照。", "A resource has no usable snapshot.";
    RoleSeparation = "role-separation", 409, "三员不得兼任。", "The three administrators are different people.";
    OutputNotDeclared = "output-not-declared", 422, "清单未声明该输出。", "The manifest declares no such output.";
    QueryRefused = "query-refused", 422, "查询语句不被允许或有误。", "The query is not allowed, or is wrong.";
    ReadersTooMany = "readers-too-many", 422, "同时读取的数量过多。", "Too many readers are open.";
    ReadFailed = "read-failed", 500, "读取失败。", "Reading failed.";
    QuorumMissing = "quorum-missing", 409, "见证方尚未达到法定数量，暂不能出域。", "The witnesses' quorum is not reached yet, so nothing leaves.";
    CertificateMissing = "certificate-missing", 404, "该结果出域时尚无证书功能，因此没有证书。", "This table was released before there were certificates.";
    ReleaseGone = "release-gone", 410, "封存结果已销毁。", "The sealed output was destroyed.";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

names! {
    /// What an author may be told when an output is withheld: from manifest and public structure alone.
    Hint {
        /// Use a coarser registered banding.
        CoarserBanding = "coarser-banding",
        /// Use fewer dimensions.
        FewerDimensions = "fewer-dimensions",
        /// Leave margins and the grand total out.
        WithoutTotals = "without-totals",
        /// Count rows or subjects instead of summing over them.
        CountsAlone = "counts-alone",
        /// Have counts rounded instead of blank.
        Rounding = "rounding",
        /// Have dimensions merged along their registered bandings instead of blank cells.
        Merging = "merging",
        /// One output about a resource instead of several that are linked.
        FewerOutputs = "fewer-outputs",
        /// Use a standard aggregate over registered bandings.
        StandardAggregate = "standard-aggregate",
        /// Cover a longer period with each edition.
        LongerPeriod = "longer-period",
        /// Wait longer for late rows.
        WiderLateness = "wider-lateness",
        /// Wait for the reviewers.
        AwaitReview = "await-review",
    }
}

/// A refusal: a stable code, the clause that refused, and details that are the asker's to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
#[error("refused with `{code}`{}", clause.as_ref().map(|c| format!(" by clause `{c}`")).unwrap_or_default())]
pub struct Refusal {
    /// Code.
    pub code: Code,
    /// The clause of policy or grant.
    pub clause: Option<String>,
    /// Details, each a sentence of its own.
    pub details: Vec<String>,
}

impl Refusal {
    /// A refusal without clause or details.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            clause: None,
            details: Vec::new(),
        }
    }

    /// The same, by `clause`.
    #[must_use]
    pub fn by(mut self, clause: impl Into<String>) -> Self {
        self.clause = Some(clause.into());
        self
    }

    /// The same, with one more detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

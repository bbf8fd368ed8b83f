//! The table that leaves: figures with noise, and what is promised with each of them.

use yunei_model::{Column, Contribution, Mechanism, Name, Table, Text, Value};

use crate::{Calibration, PrivacyError};

/// What is protected as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A data subject with all its rows.
    Subject,
    /// A household or enterprise group with all its subjects.
    Group,
}

/// What stands beside the private figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// The population allows no exact release.
    Nothing,
    /// It allows them, and ε does not cover them.
    Exact,
}

/// The released table: a row per cell, and for each measure its figure, the scale of its noise and a 95 % bound on it; then ε, δ,
/// and in words what they mean and on what they rest.
///
/// # Errors
/// [`PrivacyError::Table`] when a name cannot be made: the manifest's rules exclude it.
pub fn table(
    contribution: &Contribution,
    calibration: &Calibration,
    figures: Vec<Vec<f64>>,
    unit: Unit,
    beside: Beside,
) -> Result<Table, PrivacyError> {
    let all = |value: Value| vec![value; contribution.cells.len()];
    let labels = contribution.cells.iter().cloned().map(Value::Text);
    let mut columns = vec![(("类别".to_owned(), "cell".to_owned()), labels.collect())];
    let spreads = calibration.spreads();
    for ((measure, spread), figures) in contribution.measures.iter().zip(spreads).zip(figures) {
        let name = measure.name.as_str();
        let figures: Vec<Value> = figures.into_iter().map(Value::Number).collect();
        let scale = (
            format!("{name} 噪声尺度"),
            format!("{name}, scale of the noise"),
        );
        let error = (
            format!("{name} 95% 误差上界"),
            format!("{name}, noise within, 95 %"),
        );
        columns.push(((name.to_owned(), name.to_owned()), figures));
        columns.push((scale, all(Value::Number(spread.scale))));
        columns.push((error, all(Value::Number(spread.error_95))));
    }
    let mechanism = Value::Text(contribution.mechanism.as_str().to_owned());
    let statement = statement(contribution, unit, beside);
    for (zh, en, value) in [
        ("噪声分布", "mechanism", mechanism),
        ("ε", "ε", Value::Number(contribution.epsilon)),
        ("δ", "δ", Value::Number(contribution.delta)),
        ("保护条件", "conditions", Value::Text(statement.en)),
        (
            "保护条件（中文）",
            "conditions, in Chinese",
            Value::Text(statement.zh),
        ),
    ] {
        columns.push(((zh.to_owned(), en.to_owned()), all(value)));
    }
    let names = contribution.column_names();
    let columns = names.iter().zip(columns).map(|(name, ((zh, en), values))| {
        let name = Name::parse(name).map_err(wrong)?;
        let title = Some(Text { zh, en });
        Ok(Column {
            name,
            title,
            values,
        })
    });
    Table::new(columns.collect::<Result<_, _>>()?).map_err(wrong)
}

fn wrong(reason: impl std::fmt::Display) -> PrivacyError {
    PrivacyError::Table {
        reason: reason.to_string(),
    }
}

/// What the figures promise, and on what that rests.
fn statement(contribution: &Contribution, unit: Unit, beside: Beside) -> Text {
    let (unit_zh, unit_en) = match unit {
        Unit::Subject => ("任一数据主体", "any one data subject"),
        Unit::Group => (
            "任一家庭或企业集团",
            "any one household or enterprise group",
        ),
    };
    let (epsilon, delta) = (contribution.epsilon, contribution.delta);
    let (promise_zh, promise_en) = match contribution.mechanism {
        Mechanism::Laplace => (format!("ε = {epsilon}"), format!("ε = {epsilon}")),
        Mechanism::Gaussian => (
            format!("ε = {epsilon}、δ = {delta:e}"),
            format!("ε = {epsilon} and δ = {delta:e}"),
        ),
    };
    // The unit with one of its members is exchanged for the unit without: twice the way.
    let twice = 2.0 * epsilon;
    let (member_zh, member_en) = match (unit, contribution.mechanism) {
        (Unit::Subject, _) => (String::new(), String::new()),
        (Unit::Group, Mechanism::Laplace) => (
            format!("其中单个成员（同一家庭或集团有多个数据主体时）为 ε = {twice}。"),
            format!(
                "Of one data subject among several of the same household or group, ε = {twice} is promised. "
            ),
        ),
        (Unit::Group, Mechanism::Gaussian) => {
            let more = delta * (1.0 + epsilon.exp());
            (
                format!(
                    "其中单个成员（同一家庭或集团有多个数据主体时）为 ε = {twice}、δ = {more:.2e}。"
                ),
                format!(
                    "Of one data subject among several of the same household or group, ε = {twice} and δ = {more:.2e} are promised. "
                ),
            )
        }
    };
    let (beside_zh, beside_en) = match beside {
        Beside::Nothing => (
            "该群体不允许精确结果出域。",
            "No exact release about this population is allowed.",
        ),
        Beside::Exact => (
            "不涵盖关于同一群体的精确发布结果。",
            "It does not cover exact releases about the same population.",
        ),
    };
    Text {
        zh: format!(
            "对任何模块，增加或移除{unit_zh}的全部数据，整表的差分隐私参数为 {promise_zh}；前提是隔离有效、随机源可靠、目录如实。{member_zh}不涵盖运行时间与状态。{beside_zh}"
        ),
        en: format!(
            "For any module, adding or removing all rows of {unit_en} changes the whole table with {promise_en} (differential privacy), as long as the isolation holds, the randomness is sound and the catalogue is honest. {member_en}It does not cover how long the run took, or how it ended. {beside_en}"
        ),
    }
}

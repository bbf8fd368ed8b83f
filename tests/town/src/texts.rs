//! What is written down in a town.

use yunei_model::{Name, Text};

/// Password of everyone in a town.
pub const PASSWORD: &str = "long enough to be a password";

/// Catalogue entry of the resource `rides`: card, line, day, and the day's month.
pub const RIDES: &str = r#"
name = "rides"
source_unit = "transport"
basis = "statistical"
subject = "card"
grade = "g2"
licence = "CC0-1.0"
synthetic = true
title = { zh = "刷卡", en = "Rides" }
description = { zh = "每次一行", en = "One row per ride" }
population = { name = "riders", title = { zh = "乘客", en = "Riders" } }
[[field]]
name = "card"
title = { zh = "卡号", en = "Card" }
type = "text"
class = "direct-identifier"
grade = "g3"
mask = { kind = "pseudonym" }
[[field]]
name = "line"
title = { zh = "线路", en = "Line" }
type = "text"
class = "ordinary"
grade = "g1"
[[field.banding]]
name = "line"
kind = "values"
values = ["1", "2"]
[[field]]
name = "day"
title = { zh = "日期", en = "Day" }
type = "date"
class = "ordinary"
grade = "g1"
[[field]]
name = "coarse_day"
title = { zh = "月份", en = "Month" }
type = "date"
class = "ordinary"
grade = "g1"
mask = { kind = "month" }
"#;

/// Manifest of the module: rides per line.
pub const MANIFEST: &str = r#"
name = "rides-per-line"
version = "1"
title = { zh = "各线路", en = "Rides per line" }
world = "analysis"
purpose = "planning"
author = "a"
bias = "none known"
[[resource]]
name = "rides"
fields = ["line"]
[[output]]
name = "rides"
resource = "rides"
[[output.dimension]]
field = "line"
banding = "line"
[[output.measure]]
name = "rides"
aggregate = "count"
"#;

/// A name.
///
/// # Panics
/// It is none.
#[must_use]
pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// The same words in both languages.
#[must_use]
pub fn text(text: &str) -> Text {
    Text {
        zh: text.to_owned(),
        en: text.to_owned(),
    }
}

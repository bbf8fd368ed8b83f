use http::{HeaderMap, HeaderValue};
use yunei_model::Language::{self, En, Zh};

use super::preferred;

fn of(header: &str) -> Language {
    let mut headers = HeaderMap::new();
    headers.insert("accept-language", HeaderValue::from_str(header).unwrap());
    preferred(&headers)
}

#[test]
fn what_is_preferred_is_spoken() {
    assert_eq!(preferred(&HeaderMap::new()), Zh);
    for (header, expected) in [
        ("en", En),
        ("EN-gb", En),
        ("zh-CN", Zh),
        ("en;q=0.5, zh;q=0.9", Zh),
        ("zh;q=0.5, en;q=0.9", En),
        ("en, zh", En),
        ("zh, en", Zh),
        ("fr, en;q=0.1", En),
        ("fr", Zh),
        ("*", Zh),
        ("en;q=0", Zh),
        ("en;q=nonsense", Zh),
        (";;;,,,", Zh),
        ("english", Zh),
    ] {
        assert_eq!(of(header), expected, "{header}");
    }
}

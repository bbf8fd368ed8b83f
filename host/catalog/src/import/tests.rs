//! Imports that succeed, and what makes them fail.

mod onto;
mod paths;
mod refused;
mod tables;

use encoding_rs::GB18030;
use yunei_model::Timestamp;

use crate::testing::{CSV, Desk, RIDES_CSV, rides, scan};
use crate::{Delimiter, Encoding, ImportFormat, Views};

pub(super) const ALL: [usize; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
pub(super) const SORTED: [&str; 4] = [
    "A1|∅|1.5000|2024-02-29|∅|∅|true|∅|2",
    "A1|19|12.3456|2024-03-01|2024-02-29T16:00:00.000001|12.0|true|3路|4",
    "B7|31|2.0000|2024-02-28|2024-02-28T00:15:00|31.5|false|1路, 快|1",
    "C9|70|0.0000|2024-02-29|2024-02-29T23:59:59|0.0|∅|2路|3",
];

pub(super) fn contents(desk: &Desk, snapshot: &yunei_model::Snapshot) -> Vec<String> {
    let views = Views::open(vec![desk.plan(&rides(), snapshot)]).unwrap();
    scan(&views, "rides", &ALL)
}

#[test]
fn a_csv_file_becomes_a_snapshot_sorted_by_subject() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    assert_eq!(snapshot.rows(), 4);
    assert!(snapshot.sorted_by_subject);
    assert_eq!(snapshot.resource, rides().id);
    assert_eq!(snapshot.data_as_of, Timestamp::from_micros(5));
    assert_eq!(snapshot.imported_at, Timestamp::from_micros(7));
    assert_eq!(contents(&desk, &snapshot), SORTED);
    desk.vault.verify(&snapshot).unwrap();
}

#[test]
fn the_same_file_gives_the_same_digest() {
    let (first, second) = (Desk::new(), Desk::new());
    let digest = first.csv(RIDES_CSV).unwrap().digest();
    assert_eq!(first.csv(RIDES_CSV).unwrap().digest(), digest);
    assert_eq!(second.csv(RIDES_CSV).unwrap().digest(), digest);
    assert_eq!(first.files().len(), 1);
    let other = RIDES_CSV.replace("C9,70", "C9,71");
    assert_ne!(second.csv(other).unwrap().digest(), digest);
}

#[test]
fn encodings_delimiters_titles_and_order_of_columns_do_not_matter() {
    let desk = Desk::new();
    let digest = desk.csv(RIDES_CSV).unwrap().digest();
    let chinese = RIDES_CSV.replacen(
        "card,age,fare,day,at,speed,student,line,ride",
        "\u{feff}卡号,年龄,票价,日期,时刻,速度,学生,线路,序号",
        1,
    );
    let marked = chinese.replace('\n', "\r\n");
    assert_eq!(desk.csv(&marked).unwrap().digest(), digest);
    desk.put("gb.csv", GB18030.encode(&marked).0);
    let gb = ImportFormat::Csv {
        encoding: Encoding::Gb18030,
        delimiter: Delimiter::Comma,
    };
    let read = desk.import("gb.csv", gb, &rides()).unwrap();
    assert_eq!(read.digest(), digest);
    let tabs = RIDES_CSV
        .replace("\"1路, 快\"", "1路; 快")
        .replace(',', "\t")
        .replace(';', ",");
    desk.put("tabs.csv", tabs);
    let tabs = ImportFormat::Csv {
        encoding: Encoding::Utf8,
        delimiter: Delimiter::Tab,
    };
    assert_eq!(
        desk.import("tabs.csv", tabs, &rides()).unwrap().digest(),
        digest
    );
    let swapped: Vec<String> = RIDES_CSV
        .lines()
        .map(|line| {
            let (first, rest) = line.split_once(',').unwrap();
            format!("{rest},{first}")
        })
        .collect();
    assert_eq!(desk.csv(swapped.join("\n")).unwrap().digest(), digest);
}

#[test]
fn a_gb18030_file_longer_than_a_block_is_whole() {
    let desk = Desk::new();
    let mut text = RIDES_CSV.lines().next().unwrap().to_owned() + "\n";
    for ride in 0..20_000 {
        text += &format!(
            "卡{:05},,1,2024-02-29,,,,无锡线路𠀀{ride},{ride}\n",
            ride % 977
        );
    }
    let utf8 = desk.csv(&text).unwrap();
    assert_eq!(utf8.rows(), 20_000);
    desk.put("gb.csv", GB18030.encode(&text).0);
    let gb = ImportFormat::Csv {
        encoding: Encoding::Gb18030,
        delimiter: Delimiter::Comma,
    };
    assert_eq!(
        desk.import("gb.csv", gb, &rides()).unwrap().digest(),
        utf8.digest()
    );
    let lines = contents(&desk, &utf8);
    assert!(lines.is_sorted_by_key(|line| line.split('|').next().unwrap().to_owned()));
    let rides_of = |card: &str| -> Vec<u64> {
        let of = lines.iter().filter(|l| l.starts_with(card));
        of.map(|l| l.rsplit('|').next().unwrap().parse().unwrap())
            .collect()
    };
    // Within a subject the file's order stays.
    assert!(rides_of("卡00001").is_sorted() && rides_of("卡00001").len() == 21);
}

#[test]
fn a_resource_without_subject_keeps_the_order_of_the_file() {
    let desk = Desk::new();
    let mut resource = rides();
    resource.subject = None;
    resource.basis = yunei_model::Basis::NonPersonal;
    desk.put("rides.csv", RIDES_CSV);
    let snapshot = desk.import("rides.csv", CSV, &resource).unwrap();
    assert!(!snapshot.sorted_by_subject);
    let rides: Vec<String> = contents(&desk, &snapshot)
        .iter()
        .map(|line| line.rsplit('|').next().unwrap().to_owned())
        .collect();
    assert_eq!(rides, ["1", "2", "3", "4"]);
}

//! Reference results.
//!
//! `Longley` and `Norris`: NIST Statistical Reference Datasets, linear regression (<https://www.itl.nist.gov/div898/strd/>), works of the
//! United States government in the public domain; certified to 15 digits.

use super::*;

const LONGLEY: [[f64; 7]; 16] = [
    [60323.0, 83.0, 234_289.0, 2356.0, 1590.0, 107_608.0, 1947.0],
    [61122.0, 88.5, 259_426.0, 2325.0, 1456.0, 108_632.0, 1948.0],
    [60171.0, 88.2, 258_054.0, 3682.0, 1616.0, 109_773.0, 1949.0],
    [61187.0, 89.5, 284_599.0, 3351.0, 1650.0, 110_929.0, 1950.0],
    [63221.0, 96.2, 328_975.0, 2099.0, 3099.0, 112_075.0, 1951.0],
    [63639.0, 98.1, 346_999.0, 1932.0, 3594.0, 113_270.0, 1952.0],
    [64989.0, 99.0, 365_385.0, 1870.0, 3547.0, 115_094.0, 1953.0],
    [63761.0, 100.0, 363_112.0, 3578.0, 3350.0, 116_219.0, 1954.0],
    [66019.0, 101.2, 397_469.0, 2904.0, 3048.0, 117_388.0, 1955.0],
    [67857.0, 104.6, 419_180.0, 2822.0, 2857.0, 118_734.0, 1956.0],
    [68169.0, 108.4, 442_769.0, 2936.0, 2798.0, 120_445.0, 1957.0],
    [66513.0, 110.8, 444_546.0, 4681.0, 2637.0, 121_950.0, 1958.0],
    [68655.0, 112.6, 482_704.0, 3813.0, 2552.0, 123_366.0, 1959.0],
    [69564.0, 114.2, 502_601.0, 3931.0, 2514.0, 125_368.0, 1960.0],
    [69331.0, 115.7, 518_173.0, 4806.0, 2572.0, 127_852.0, 1961.0],
    [70551.0, 116.9, 554_894.0, 4007.0, 2827.0, 130_081.0, 1962.0],
];

const NORRIS: [[f64; 2]; 36] = [
    [0.1, 0.2],
    [338.8, 337.4],
    [118.1, 118.2],
    [888.0, 884.6],
    [9.2, 10.1],
    [228.1, 226.5],
    [668.5, 666.3],
    [998.5, 996.3],
    [449.1, 448.6],
    [778.9, 777.0],
    [559.2, 558.2],
    [0.3, 0.4],
    [0.1, 0.6],
    [778.1, 775.5],
    [668.8, 666.9],
    [339.3, 338.0],
    [448.9, 447.5],
    [10.8, 11.6],
    [557.7, 556.0],
    [228.3, 228.1],
    [998.0, 995.8],
    [888.8, 887.6],
    [119.6, 120.2],
    [0.3, 0.3],
    [0.6, 0.3],
    [557.6, 556.8],
    [339.3, 339.1],
    [888.0, 887.2],
    [998.5, 999.0],
    [778.9, 779.0],
    [10.2, 11.1],
    [117.6, 118.3],
    [228.9, 229.2],
    [668.4, 669.1],
    [449.2, 448.9],
    [0.2, 0.5],
];

/// Whether two figures have so many digits in common.
fn agree(found: f64, wanted: f64, digits: f64) {
    let error = ((found - wanted) / wanted).abs();
    assert!(
        -error.log10() >= digits,
        "{found} instead of {wanted}: {:.1} digits",
        -error.log10()
    );
}

#[test]
fn longley_is_as_certified() {
    let terms = (1..7).map(|t| number(&format!("x{t}"))).collect();
    let design = linear(terms);
    let rows: Vec<Row> = LONGLEY
        .iter()
        .enumerate()
        .map(|(row, line)| {
            let terms = line[1..].iter().map(|x| TermValue::Number(*x)).collect();
            (row as i128, Some(line[0]), terms)
        })
        .collect();
    let estimates = fitted(&design, &rows).unwrap();
    let certified = [
        (-3_482_258.634_595_82, 890_420.383_607_373),
        (15.061_872_271_373_3, 84.914_925_774_766_9),
        (-0.035_819_179_292_591_0, 0.033_491_007_772_243_2),
        (-2.020_229_803_816_83, 0.488_399_681_651_699),
        (-1.033_226_867_173_59, 0.214_274_163_161_675),
        (-0.051_104_105_653_580_7, 0.226_073_200_069_370),
        (1_829.151_464_613_55, 455.478_499_142_212),
    ];
    for (column, (coefficient, error)) in certified.into_iter().enumerate() {
        agree(estimates.coefficients[column], coefficient, 10.0);
        agree(estimates.errors[column], error, 10.0);
    }
    agree(estimates.residual_error.unwrap(), 304.854_073_561_965, 10.0);
    agree(estimates.r_squared, 0.995_479_004_577_296, 10.0);
}

#[test]
fn norris_is_as_certified_in_blocks_and_in_any_order() {
    let design = linear(vec![number("x")]);
    let mut rows: Vec<Row> = NORRIS
        .iter()
        .enumerate()
        .map(|(row, [y, x])| (row as i128, Some(*y), vec![TermValue::Number(*x)]))
        .collect();
    for _ in 0..2 {
        let estimates = fitted(&design, &rows).unwrap();
        agree(estimates.coefficients[0], -0.262_323_073_774_029, 11.0);
        agree(estimates.coefficients[1], 1.002_116_818_020_45, 12.0);
        agree(estimates.errors[0], 0.232_818_234_301_152, 11.0);
        agree(estimates.errors[1], 0.000_429_796_848_199_937, 11.0);
        agree(
            estimates.residual_error.unwrap(),
            0.884_796_396_144_373,
            11.0,
        );
        agree(estimates.r_squared, 0.999_993_745_883_712, 12.0);
        rows.reverse();
    }
    // 1,000 copies: the same coefficients over many folded blocks.
    let many: Vec<Row> = rows.iter().cycle().take(36_000).cloned().collect();
    let estimates = fitted(&design, &many).unwrap();
    agree(estimates.coefficients[0], -0.262_323_073_774_029, 10.0);
    agree(estimates.coefficients[1], 1.002_116_818_020_45, 11.0);
}

#[test]
fn a_logistic_model_gives_the_odds_of_a_table_and_a_published_fit() {
    // A table of two by two has its estimates in closed form: log odds, and √(Σ 1/nᵢ) for the ratio.
    let design = Design::new(RegressionKind::Logistic, true, vec![classes("g", 2)]).unwrap();
    let (a, b, c, d) = (30, 70, 55, 45);
    let mut rows: Vec<Row> = Vec::new();
    for (group, response, count) in [(0, 1.0, a), (0, 0.0, b), (1, 1.0, c), (1, 0.0, d)] {
        for _ in 0..count {
            rows.push((
                rows.len() as i128,
                Some(response),
                vec![TermValue::Class(group)],
            ));
        }
    }
    let [a, b, c, d] = [a, b, c, d].map(f64::from);
    let estimates = fitted(&design, &rows).unwrap();
    agree(estimates.coefficients[0], (a / b).ln(), 9.0);
    agree(estimates.coefficients[1], (c * b / (d * a)).ln(), 9.0);
    agree(
        estimates.errors[1],
        (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt(),
        6.0,
    );
    // Hours of study and passing an exam, the usual teaching example: −4.0777 (1.7610) and 1.5046 (0.6287).
    let hours = [
        0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0, 4.25,
        4.5, 4.75, 5.0, 5.5,
    ];
    let passed = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1];
    let design = Design::new(RegressionKind::Logistic, true, vec![number("hours")]).unwrap();
    let rows: Vec<Row> = hours
        .iter()
        .zip(passed)
        .map(|(h, p)| (0, Some(f64::from(p)), vec![TermValue::Number(*h)]))
        .collect();
    let estimates = fitted(&design, &rows).unwrap();
    let four = |figure: f64| (figure * 1e4).round() / 1e4;
    let found = [
        estimates.coefficients[0],
        estimates.errors[0],
        estimates.coefficients[1],
        estimates.errors[1],
    ];
    assert_eq!(found.map(four), [-4.0777, 1.7610, 1.5046, 0.6287]);
}

//! How far is each flight along the great circle, and is that a short, medium or long haul?
#![forbid(unsafe_code)]

mod airports;

use yunei_guest::{Result, parameter};

yunei_guest::per_row!(derive, with Hauls::read);

yunei_guest::category! {
    /// Classes of distance.
    enum Haul { Short = "short", Medium = "medium", Long = "long" }
}

/// Where medium and long hauls begin, in kilometres.
struct Hauls {
    medium_from: f64,
    long_from: f64,
}

impl Hauls {
    fn read() -> Result<Self> {
        let kilometres = |name| parameter::<i64>(name).map(|km| km as f64);
        Ok(Self {
            medium_from: kilometres("medium_from_km")?,
            long_from: kilometres("long_from_km")?,
        })
    }

    fn of(&self, kilometres: f64) -> Haul {
        match kilometres {
            km if km < self.medium_from => Haul::Short,
            km if km < self.long_from => Haul::Medium,
            _ => Haul::Long,
        }
    }
}

fn derive(hauls: &Hauls, (origin, dest): (&str, &str)) -> (Option<f64>, Option<Haul>) {
    let kilometres = airports::position(origin)
        .zip(airports::position(dest))
        .map(|(a, b)| great_circle_km(a, b));
    (kilometres, kilometres.map(|km| hauls.of(km)))
}

/// Mean radius of the earth (IUGG).
const EARTH_KM: f64 = 6371.0088;

/// Distance of two points on a sphere by the haversine formula (Sinnott 1984).
fn great_circle_km(a: (f64, f64), b: (f64, f64)) -> f64 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let h = half(a.0, b.0) + a.0.to_radians().cos() * b.0.to_radians().cos() * half(a.1, b.1);
    2.0 * EARTH_KM * h.sqrt().asin()
}

#[cfg(test)]
mod tests;

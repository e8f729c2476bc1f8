//! A circle on the globe as the bands of latitude that it crosses, each with how far west and east it goes there:
//! what an index by latitude and longitude can be asked for.

use super::geo::EARTH_RADIUS_KM;
use crate::core::fleet::Place;

/// Bands of latitude, each a quarter of a degree high.
pub(super) const BANDS: u16 = 720;

/// Which band a latitude lies in; what is no latitude lies in the first or the last.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the last band")]
pub(super) fn band(latitude: f64) -> u16 {
    ((latitude + 90.0) * 4.0).clamp(0.0, f64::from(BANDS) - 1.0) as u16
}

#[derive(Debug)]
pub(super) struct Circle {
    middle: Place,
    /// From the middle to the line, in degrees.
    angle: f64,
    /// The latitude at which it is widest, and how far it goes there to either side, in degrees.
    widest: f64,
    half_width: f64,
}

impl Circle {
    /// A little larger than asked for, because rounding must not cut off who stands on the line.
    pub(super) fn of(middle: Place, radius_km: f64) -> Self {
        let angle = (radius_km / EARTH_RADIUS_KM).to_degrees() * 1.000_001 + 1e-9;
        if middle.latitude.abs() + angle >= 90.0 || !middle.latitude.is_finite() {
            return Self { middle, angle, widest: middle.latitude, half_width: 180.0 };
        }
        let (latitude, radians) = (middle.latitude.to_radians(), angle.to_radians());
        // Towards the pole from its middle, for the circles of longitude come together there.
        let widest = (latitude.sin() / radians.cos()).clamp(-1.0, 1.0).asin().to_degrees();
        let half_width = (radians.sin() / latitude.cos()).clamp(0.0, 1.0).asin().to_degrees() + 1e-9;
        Self { middle, angle, widest, half_width }
    }

    /// Of each band that it crosses, from which to which longitude.
    pub(super) fn bands(&self) -> impl Iterator<Item = (u16, Spans)> {
        let (south, north) = (self.middle.latitude - self.angle, self.middle.latitude + self.angle);
        (band(south)..=band(north)).map(|band| (band, spans(self.middle.longitude, self.half_within(band))))
    }

    /// How far to either side it goes anywhere within the band.
    fn half_within(&self, band: u16) -> f64 {
        // Wider than it is: where a latitude lies is rounded, and so is where the circle is widest.
        const MARGIN: f64 = 0.001;
        let south = f64::from(band) / 4.0 - 90.0 - MARGIN;
        let north = south + 0.25 + 2.0 * MARGIN;
        if self.half_width >= 180.0 || (south <= self.widest && self.widest <= north) {
            return self.half_width;
        }
        // It narrows from there to both sides, so that it is widest at the nearer edge of the band.
        let latitude = self.widest.clamp(south, north);
        let part = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let across = self.middle.latitude.to_radians().cos() * latitude.to_radians().cos();
        let half = (part(self.angle) - part(latitude - self.middle.latitude)).max(0.0) / across;
        (2.0 * half.min(1.0).sqrt().asin()).to_degrees() + 1e-6
    }
}

/// From west to east; two when the date line lies between.
pub(super) type Spans = [Option<(f64, f64)>; 2];

fn spans(longitude: f64, half: f64) -> Spans {
    let (west, east) = (longitude - half, longitude + half);
    if half >= 180.0 {
        [Some((f64::NEG_INFINITY, f64::INFINITY)), None]
    } else if west < -180.0 {
        [Some((f64::NEG_INFINITY, east)), Some((west + 360.0, f64::INFINITY))]
    } else if east > 180.0 {
        [Some((west, f64::INFINITY)), Some((f64::NEG_INFINITY, east - 360.0))]
    } else {
        [Some((west, east)), None]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::routing::geo::distance_km;
    use proptest::prelude::*;

    fn covers(circle: &Circle, place: Place) -> bool {
        circle.bands().filter(|(number, _)| *number == band(place.latitude)).any(|(_, spans)| {
            spans.iter().flatten().any(|(west, east)| (*west..=*east).contains(&place.longitude))
        })
    }

    fn place() -> impl Strategy<Value = Place> {
        let near_poles = prop_oneof![-90.0..=-80.0_f64, 80.0..=90.0_f64];
        let latitude = prop_oneof![2 => -90.0..=90.0_f64, 1 => near_poles];
        (latitude, -180.0..=180.0_f64).prop_map(|(latitude, longitude)| Place { latitude, longitude })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn who_stands_within_or_on_the_line_is_covered(
            middle in place(), by in (-9.0..9.0_f64, -20.0..20.0_f64), farther in 0.0..1.5_f64
        ) {
            let latitude = (middle.latitude + by.0).clamp(-90.0, 90.0);
            let longitude = (middle.longitude + by.1).clamp(-180.0, 180.0);
            let there = Place { latitude, longitude };
            let km = distance_km(middle, there);
            prop_assert!(covers(&Circle::of(middle, km), there), "on the line");
            prop_assert!(covers(&Circle::of(middle, km * (1.0 + farther)), there));
        }
    }

    #[test]
    fn it_is_hardly_wider_than_the_circle() {
        let middle = Place { latitude: 50.1, longitude: 8.0 };
        let circle = Circle::of(middle, 200.0);
        let spans = circle.bands().flat_map(|(_, spans)| spans).flatten();
        let degrees: f64 = spans.map(|(west, east)| (east - west) * 0.25).sum();
        let square_km = degrees * 111.195 * 111.195 * middle.latitude.to_radians().cos();
        let round = std::f64::consts::PI * 200.0 * 200.0;
        assert!((round..round * 1.1).contains(&square_km), "{square_km} of {round}");
        assert!(!covers(&circle, Place { latitude: 51.8, longitude: 10.6 }), "the corner of its square");
    }
}

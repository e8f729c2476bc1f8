//! Distance on the globe.

use crate::core::fleet::Place;

const EARTH_RADIUS_KM: f64 = 6371.0088;

/// Great-circle distance in kilometres.
#[must_use]
pub fn distance_km(from: Place, to: Place) -> f64 {
    let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let across = half(from.longitude, to.longitude)
        * from.latitude.to_radians().cos()
        * to.latitude.to_radians().cos();
    let chord = half(from.latitude, to.latitude) + across;
    2.0 * EARTH_RADIUS_KM * chord.clamp(0.0, 1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place { latitude, longitude }
    }

    #[test]
    fn known_distances_hold_also_across_the_date_line_and_to_the_antipode() {
        let london = place(51.5074, -0.1278);
        let leeds = place(53.8008, -1.5491);
        assert!((distance_km(london, leeds) - 272.0).abs() < 2.0);
        assert!((distance_km(place(0.0, 179.9), place(0.0, -179.9)) - 22.2).abs() < 0.1);
        assert!((distance_km(place(0.0, 0.0), place(0.0, 180.0)) - 20_015.0).abs() < 1.0);
        assert!(distance_km(leeds, leeds).abs() < f64::EPSILON);
    }
}

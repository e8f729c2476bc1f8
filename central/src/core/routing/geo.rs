//! Distance on the globe.

use crate::core::fleet::Place;

pub const EARTH_RADIUS_KM: f64 = 6371.0088;

/// Great-circle distance in kilometres.
#[must_use]
pub fn distance_km(from: Place, to: Place) -> f64 {
    Spot::of(from).km_to(Spot::of(to))
}

/// A place as a point on the unit sphere, from which distances are a few multiplications away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    x: f64,
    y: f64,
    z: f64,
}

impl Spot {
    #[must_use]
    pub fn of(place: Place) -> Self {
        let (latitude, longitude) = (place.latitude.to_radians(), place.longitude.to_radians());
        let across = latitude.cos();
        Self { x: across * longitude.cos(), y: across * longitude.sin(), z: latitude.sin() }
    }

    #[must_use]
    pub fn km_to(self, other: Self) -> f64 {
        km_of(self.chord_squared(other))
    }

    /// Grows with the distance, and costs less.
    #[must_use]
    pub fn chord_squared(self, other: Self) -> f64 {
        let (x, y, z) = (self.x - other.x, self.y - other.y, self.z - other.z);
        x * x + y * y + z * z
    }
}

/// How far apart two places with this squared chord are.
#[must_use]
pub fn km_of(chord_squared: f64) -> f64 {
    // Half the chord: exact for neighbours, where an angle from a cosine would not be.
    let half = chord_squared.sqrt() / 2.0;
    2.0 * EARTH_RADIUS_KM * half.clamp(0.0, 1.0).asin()
}

/// Not more than [`km_of`], and cheaper: the way through the ground.
#[must_use]
pub fn km_at_least(chord_squared: f64) -> f64 {
    EARTH_RADIUS_KM * chord_squared.sqrt().min(2.0) * (1.0 - 1e-12)
}

/// Where a circle ends, in squared chords. Who stands between the two stands so near to the line that rounding
/// decides, and only [`km_of`] can tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    within: f64,
    beyond: f64,
}

impl Edge {
    #[must_use]
    pub fn of(radius_km: f64) -> Self {
        let half_angle = (radius_km / EARTH_RADIUS_KM / 2.0).clamp(0.0, std::f64::consts::FRAC_PI_2);
        let line = (2.0 * half_angle.sin()).powi(2);
        Self { within: line * (1.0 - 1e-9), beyond: line * (1.0 + 1e-9) }
    }

    /// Surely no farther than the radius.
    #[must_use]
    pub fn is_within(self, chord_squared: f64) -> bool {
        chord_squared < self.within
    }

    /// Surely farther than it.
    #[must_use]
    pub fn is_beyond(self, chord_squared: f64) -> bool {
        chord_squared > self.beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place { latitude, longitude }
    }

    proptest! {
        #[test]
        fn who_is_within_or_beyond_the_edge_is_so_by_the_distance_too(
            from in (-90.0..=90.0_f64, -180.0..=180.0_f64), by in (-3.0..3.0_f64, -3.0..3.0_f64), more in 0.0..9.0_f64
        ) {
            let (here, there) = (place(from.0, from.1), place((from.0 + by.0).clamp(-90.0, 90.0), from.1 + by.1));
            let (here, there) = (Spot::of(here), Spot::of(there));
            let (km, chord_squared) = (here.km_to(there), here.chord_squared(there));
            prop_assert!(km_at_least(chord_squared) <= km && km_at_least(chord_squared) >= km * 0.99);
            for radius_km in [km, km + more, (km - more).max(0.0), km * 0.999, km * 1.001] {
                let edge = Edge::of(radius_km);
                prop_assert!(!edge.is_beyond(chord_squared) || km > radius_km, "{km} and {radius_km}");
                prop_assert!(!edge.is_within(chord_squared) || km <= radius_km, "{km} and {radius_km}");
            }
            let (nearer, farther) = (Edge::of(km * 0.999), Edge::of(km * 1.001));
            prop_assert!(km < 0.001 || nearer.is_beyond(chord_squared) && farther.is_within(chord_squared));
        }
    }

    #[test]
    fn known_distances_hold_also_across_the_date_line_and_to_the_antipode() {
        let london = place(51.5074, -0.1278);
        let leeds = place(53.8008, -1.5491);
        assert!((distance_km(london, leeds) - 272.0).abs() < 2.0);
        assert!((distance_km(place(0.0, 179.9), place(0.0, -179.9)) - 22.2).abs() < 0.1);
        assert!((distance_km(place(0.0, 0.0), place(0.0, 180.0)) - 20_015.0).abs() < 1.0);
        assert!(distance_km(leeds, leeds).abs() < f64::EPSILON);
        let next_door = place(51.507_409, -0.1278);
        assert!((distance_km(london, next_door) - 0.001).abs() < 0.000_01, "one metre is one metre");
    }
}

//! The calibration as a picture: said against seen.

use super::Observed;
use super::shops::Keeping;
use std::fmt::Write;

const SIDE: f64 = 420.0;
const EDGE: f64 = 60.0;
const LEAST: f64 = 0.5;

fn x(said: f64) -> f64 {
    EDGE + (said - LEAST) / (1.0 - LEAST) * SIDE
}

fn y(there: f64) -> f64 {
    EDGE + SIDE - (there - LEAST) / (1.0 - LEAST) * SIDE
}

const fn colour(keeping: Keeping) -> &'static str {
    match keeping {
        Keeping::Well => "#1b7f4d",
        Keeping::Usual => "#2a5db0",
        Keeping::Sloppy => "#b3541e",
    }
}

pub(super) fn draw(observed: &[Observed]) -> String {
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 540 560\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"540\" height=\"560\" fill=\"#ffffff\"/>\n\
         <text x=\"60\" y=\"30\" font-size=\"16\">Units said to be there, and units that were there</text>\n",
    );
    for step in 0..=5_i32 {
        let at = LEAST + f64::from(step) / 10.0;
        let (across, up) = (x(at), y(at));
        let _ = writeln!(
            svg,
            "<path d=\"M{EDGE:.1} {up:.1}H{:.1}M{across:.1} {EDGE:.1}V{:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{across:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{at:.1}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{at:.1}</text>",
            EDGE + SIDE,
            EDGE + SIDE,
            EDGE + SIDE + 18.0,
            EDGE - 8.0,
            up + 4.0,
        );
    }
    let (low, high) = (x(LEAST), x(1.0));
    let _ = writeln!(
        svg,
        "<path d=\"M{low:.1} {:.1}L{high:.1} {:.1}\" stroke=\"#888888\" stroke-dasharray=\"4 4\"/>\
         <text x=\"270\" y=\"515\" text-anchor=\"middle\">said</text>\
         <text x=\"18\" y=\"270\" text-anchor=\"middle\" transform=\"rotate(-90 18 270)\">seen</text>",
        y(LEAST),
        y(1.0),
    );
    for (keeping, at) in Keeping::ALL.into_iter().zip([60.0_f64, 220.0, 380.0]) {
        let of_kind: Vec<&Observed> = observed.iter().filter(|band| band.keeping == keeping).collect();
        let line: Vec<String> =
            of_kind.iter().map(|band| format!("{:.1} {:.1}", x(band.said), y(band.there))).collect();
        let colour = colour(keeping);
        let _ = writeln!(svg, "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\"/>", line.join("L"));
        for band in of_kind {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"><title>{}: said {:.3}, seen {:.3} in {} \
                 forecasts</title></circle>",
                x(band.said),
                y(band.there),
                keeping.as_str(),
                band.said,
                band.there,
                band.forecasts,
            );
        }
        let _ = writeln!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"540\" r=\"4\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"544\">stores {}</text>",
            at + 4.0,
            at + 14.0,
            keeping.as_str(),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

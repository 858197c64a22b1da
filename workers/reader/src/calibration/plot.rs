//! Risk against coverage as a picture.

use std::fmt::Write as _;

use super::curve::RiskAtCoverage;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 50.0;
const TOP: f64 = 20.0;
const RIGHT: f64 = 130.0;
/// Colours that stay apart for the colour-blind (Okabe and Ito, 2008); each line has its own dashes too.
const STYLES: [(&str, &str); 4] = [
    ("#0072b2", ""),
    ("#d55e00", "8 4"),
    ("#009e73", "2 4"),
    ("#cc79a7", "10 3 2 3"),
];

/// An SVG of named curves: the share of fields accepted against the share of those that is wrong.
pub fn risk_coverage_svg(curves: &[(String, Vec<RiskAtCoverage>)]) -> String {
    let highest = curves
        .iter()
        .flat_map(|(_, c)| c.iter().map(|p| p.risk))
        .fold(0.005, f64::max);
    let x = |coverage: f64| LEFT + coverage * (WIDTH - LEFT - RIGHT);
    let y = |risk: f64| HEIGHT - BOTTOM - risk / highest * (HEIGHT - BOTTOM - TOP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"13\"><title>Wrong among accepted fields, by share accepted</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for step in 0..=5 {
        let share = f64::from(step) / 5.0;
        let (at_x, at_y) = (x(share), y(share * highest));
        let (low, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        let _ = writeln!(
            svg,
            "<path d=\"M{at_x:.1} {TOP}V{low} M{LEFT} {at_y:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{:.0} %</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.2} %</text>",
            low + 18.0,
            share * 100.0,
            LEFT - 8.0,
            at_y + 4.0,
            share * highest * 100.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">fields accepted</text>\
         <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">wrong among them</text>",
        x(0.5),
        HEIGHT - 10.0,
        HEIGHT / 2.0
    );
    for (index, (name, curve)) in curves.iter().enumerate() {
        let (colour, dashes) = STYLES[index % STYLES.len()];
        let points: Vec<String> = curve
            .iter()
            .map(|p| format!("{:.1},{:.1}", x(p.coverage), y(p.risk)))
            .collect();
        let row = TOP + 12.0 + 20.0 * index as f64;
        let (from, to) = (WIDTH - RIGHT + 10.0, WIDTH - RIGHT + 40.0);
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>\
             <path d=\"M{from} {row}H{to}\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
            points.join(" "),
            to + 6.0,
            row + 4.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_drawn_inside_the_picture() {
        let curve = vec![
            RiskAtCoverage {
                coverage: 0.5,
                risk: 0.0,
                threshold: 0.9,
            },
            RiskAtCoverage {
                coverage: 1.0,
                risk: 0.02,
                threshold: 0.1,
            },
        ];
        insta::assert_snapshot!(risk_coverage_svg(&[("key".to_owned(), curve)]));
    }
}

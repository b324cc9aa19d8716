//! The two scaled incomplete gamma functions that every staffing formula is made of.
//!
//! For a shape x > 0 and an argument y >= 0:
//!
//! * lower  U(x, y) = x e^y y^-x gamma(x, y) = 1 + y/(x+1) + y^2/((x+1)(x+2)) + ...
//! * upper  W(x, y) = x e^y y^-x Gamma(x, y) = x/y + x(x-1)/y^2 + ... (finite for whole x)
//! * whole  G = U + W = Gamma(x+1) e^y y^-x
//!
//! With N servers and A erlang the states with a free server weigh W(N, A) against 1 for "all busy" (Jagerman 1974:
//! 1/B = 1 + W), and the states with a queue weigh U(N m/q, A m/q) with m, q the rates of service and of giving up
//! (Palm 1957; Garnett, Mandelbaum, Reiman 2002). Everything is a sum of positive terms or a difference that cannot
//! cancel; how it is summed depends on z, the distance of y from x in standard deviations times the square root of
//! one half:
//!
//! * near (z below 1 or 2) and x below 40,000: the series of U
//! * near and x above: Temme's uniform expansion (DLMF 8.12), whose terms fall as 1/x
//! * y far below x: the continued fraction for 1/U (positive terms)
//! * y far above x: Legendre's continued fraction for W (DLMF 8.9.2)
use std::f64::consts::PI;

/// Relative size of a term that no longer changes a sum.
const NEGLIGIBLE: f64 = 1e-17;
/// From this shape on Temme's expansion, cut as below, is exact to rounding for |z| <= 2.
const LARGE: f64 = 4e4;
const MOST_STEPS: u32 = 100_000;

/// U and W, and what follows from them without cancellation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gamma {
    /// U; infinite where it exceeds the largest float.
    pub lower: f64,
    /// W; infinite where it exceeds the largest float.
    pub upper: f64,
    /// U / G, the regularised lower function P(x, y).
    pub p: f64,
    /// W / G, the regularised upper function Q(x, y).
    pub q: f64,
    /// (1 - U (1 - y/x)) / (U y/x): share lost among those who wait, if U weighs the states of a queue.
    pub lost: f64,
    /// 1 - lost.
    pub kept: f64,
}

/// d - ln(1 + d) without cancellation, for d = y/x - 1.
fn log_gap(d: f64, ratio: f64) -> f64 {
    let s = d / (2.0 + d);
    if s.abs() > 0.35 {
        return d - ratio.ln();
    }
    // ln(1 + d) = 2 atanh(s), and d - 2 s = d s.
    let square = s * s;
    let (mut power, mut sum, mut n) = (s * square, 0.0, 3.0);
    while power.abs() > NEGLIGIBLE * d * s {
        sum += power / n;
        power *= square;
        n += 2.0;
    }
    d * s - 2.0 * sum
}

/// e^-s - 1 + s without cancellation.
pub(crate) fn exp_gap(s: f64) -> f64 {
    if s.abs() > 0.7 {
        return (-s).exp_m1() + s;
    }
    let (mut term, mut sum, mut n) = (s * s / 2.0, 0.0, 2.0);
    while term.abs() > NEGLIGIBLE * sum {
        sum += term;
        n += 1.0;
        term *= -s / n;
    }
    sum
}

/// Gamma(x + 1) e^y y^-x.
fn whole(x: f64, y: f64, exponent: f64) -> f64 {
    if x < 20.0 {
        return libm::tgamma(x + 1.0) * y.exp() * y.powf(-x);
    }
    (2.0 * PI * x).sqrt() * stirling(x) * exponent.exp()
}

/// Gamma(x + 1) / (sqrt(2 pi x) (x/e)^x) for x of 20 and more (DLMF 5.11.1).
fn stirling(x: f64) -> f64 {
    const TERMS: [f64; 6] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
    ];
    let square = 1.0 / (x * x);
    (TERMS
        .iter()
        .rev()
        .fold(0.0, |sum, term| sum * square + term)
        / x)
        .exp()
}

/// The functions at (x, y); `gap` is x - y, which the caller may know better than the difference tells.
///
/// x > 0, y >= 0, both finite.
pub(crate) fn gamma(x: f64, y: f64, gap: f64) -> Gamma {
    if y == 0.0 {
        return Gamma {
            lower: 1.0,
            upper: f64::INFINITY,
            p: 0.0,
            q: 1.0,
            lost: 1.0 / (x + 1.0),
            kept: x / (x + 1.0),
        };
    }
    let exponent = x * log_gap(-gap / x, y / x); // z squared
    let all = whole(x, y, exponent);
    if gap < 0.0 {
        if exponent >= 1.0 || (x < 1.5 && y >= 1.0) {
            return far_above(x, y, gap, all);
        }
    } else if exponent >= 4.0 && x > 20.0 {
        return far_below(x, y, gap, all);
    }
    if x < LARGE {
        near(x, y, all)
    } else {
        near_and_large(x, y, gap, exponent)
    }
}

/// The series of U: at most about 10 sqrt(x) terms where it is used.
fn near(x: f64, y: f64, all: f64) -> Gamma {
    let (mut term, mut rest, mut weighted, mut n) = (1.0, 0.0, 0.0, 0.0);
    loop {
        n += 1.0;
        term *= y / (x + n);
        rest += term;
        weighted += n * term;
        // The terms rise before they fall if y > x + 1.
        if n * term <= NEGLIGIBLE * weighted && x + n > y {
            break;
        }
    }
    let lower = 1.0 + rest;
    Gamma {
        lower,
        upper: all - lower,
        p: lower / all,
        q: (all - lower) / all,
        lost: weighted / (y * lower),
        kept: x / y * (rest / lower),
    }
}

/// Temme's expansion for |z| <= 2 and large x (DLMF 8.12.3 to 8.12.10).
fn near_and_large(x: f64, y: f64, gap: f64, exponent: f64) -> Gamma {
    const C0: [f64; 6] = [
        -1.0 / 3.0,
        1.0 / 12.0,
        -2.0 / 135.0,
        1.0 / 864.0,
        1.0 / 2835.0,
        -139.0 / 777_600.0,
    ];
    const C1: [f64; 3] = [-1.0 / 540.0, -1.0 / 288.0, 1.0 / 378.0];
    const C2: f64 = 25.0 / 6048.0;
    let z = exponent.sqrt().copysign(gap);
    let eta = -z * (2.0 / x).sqrt();
    let polynomial = |c: &[f64]| c.iter().rev().fold(0.0, |sum, c| sum * eta + c);
    let tail = polynomial(&C0) + (polynomial(&C1) + C2 / x) / x;
    let (size, scale) = ((PI * x / 2.0).sqrt(), exponent.exp());
    let lower = stirling(x) * (size * scale * libm::erfc(z) - tail);
    let upper = stirling(x) * (size * scale * libm::erfc(-z) + tail);
    let lost = x / (y * lower) - gap / y;
    Gamma {
        lower,
        upper,
        p: lower / (lower + upper),
        q: upper / (lower + upper),
        lost,
        kept: 1.0 - lost,
    }
}

/// 1/(x+1-y + 2y/(x+2-y + 3y/(...))), which is `lost`; 1/U = (x - y + y lost)/x.
fn far_below(x: f64, y: f64, gap: f64, all: f64) -> Gamma {
    let lost = 1.0 / fraction(gap + 1.0, |n| ((n + 1.0) * y, gap + n + 1.0));
    let lower = x / (gap + y * lost);
    let p = lower / all;
    Gamma {
        lower,
        upper: all - lower,
        p,
        q: 1.0 - p,
        lost,
        kept: 1.0 - lost,
    }
}

/// W = x/(y+1-x + (x-1)/(y+3-x + 2(x-2)/(...))).
fn far_above(x: f64, y: f64, gap: f64, all: f64) -> Gamma {
    let upper = x / fraction(1.0 - gap, |n| (n * (x - n), 1.0 - gap + 2.0 * n));
    let q = upper / all;
    let lower = all - upper;
    let lost = x / (y * lower) - gap / y;
    Gamma {
        lower,
        upper,
        p: 1.0 - q,
        q,
        lost,
        kept: x / y * (1.0 - 1.0 / lower),
    }
}

/// b0 + a1/(b1 + a2/(b2 + ...)) for (a, b) of n = 1, 2, ... (Lentz's algorithm as of Thompson and Barnett 1986).
fn fraction(b0: f64, coefficients: impl Fn(f64) -> (f64, f64)) -> f64 {
    const TINY: f64 = 1e-300;
    let solid = |v: f64| if v == 0.0 { TINY } else { v };
    let mut value = solid(b0);
    let (mut c, mut d) = (value, 0.0);
    for n in 1..MOST_STEPS {
        let (a, b) = coefficients(f64::from(n));
        d = 1.0 / solid(b + a * d);
        c = solid(b + a / c);
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() < 2e-16 {
            break;
        }
    }
    value
}

//! Rounds: contenders take turns, so that what the machine does meanwhile hits them alike.
//!
//! One turn each before the first round is thrown away: it fills caches and tables.

use std::io;

/// A measurement that yields one number.
pub type Contender<'a> = &'a mut dyn FnMut() -> io::Result<f64>;

/// Runs every contender once a round; the figures of each, by contender.
///
/// # Errors
///
/// The first error of a contender.
pub fn interleaved(rounds: usize, contenders: &mut [Contender<'_>]) -> io::Result<Vec<Vec<f64>>> {
    let mut figures = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..=rounds {
        for (contender, figures) in contenders.iter_mut().zip(&mut figures) {
            let figure = contender()?;
            if round > 0 {
                figures.push(figure);
            }
        }
    }
    Ok(figures)
}

/// The middle figure, or the mean of the two in the middle; NaN of none.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The median of what `a` is to `b` within each round.
pub fn ratio(a: &[f64], b: &[f64]) -> f64 {
    median(&a.iter().zip(b).map(|(a, b)| a / b).collect::<Vec<_>>())
}

/// The figure that `share` of all are not above; 0 of none.
pub fn percentile(figures: &mut [u64], share: f64) -> u64 {
    figures.sort_unstable();
    let rank = (figures.len() as f64 * share).ceil() as usize;
    figures.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contenders_take_turns_and_the_first_turn_does_not_count() {
        let order = std::cell::RefCell::new(String::new());
        let mut turn = 0.0;
        let mut first = || {
            order.borrow_mut().push('a');
            turn += 1.0;
            Ok(turn)
        };
        let mut second = || {
            order.borrow_mut().push('b');
            Ok(0.0)
        };
        let figures = interleaved(2, &mut [&mut first, &mut second]).unwrap();
        assert_eq!(figures, [vec![2.0, 3.0], vec![0.0, 0.0]]);
        assert_eq!(*order.borrow(), "ababab");
    }

    #[test]
    fn an_error_ends_the_rounds() {
        let mut broken = || Err(io::Error::other("broken"));
        assert!(interleaved(2, &mut [&mut broken]).is_err());
    }

    #[test]
    fn medians_ratios_and_percentiles() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
        assert_eq!(ratio(&[2.0, 30.0, 4.0], &[1.0, 10.0, 1.0]), 3.0);
        assert_eq!(percentile(&mut (1..=100).collect::<Vec<_>>(), 0.99), 99);
        assert_eq!(percentile(&mut [7], 0.99), 7);
        assert_eq!(percentile(&mut [], 0.5), 0);
    }
}

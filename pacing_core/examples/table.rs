//! Occupancy and abandon rate by team size and answer probability: `cargo run --release --example table`.
use pacing_core::simulation::{Scenario, simulate};
fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    if mode == "short" {
        let seeds: u64 = std::env::args()
            .nth(2)
            .and_then(|s| s.parse().ok())
            .unwrap_or(200);
        let lat: f64 = std::env::args()
            .nth(3)
            .and_then(|s| s.parse().ok())
            .unwrap_or(0.0);
        for (n, secs) in [(50, 1200.0), (5, 2000.0), (8, 4000.0), (150, 1200.0)] {
            for p in [0.1, 0.3, 0.6] {
                let (mut over, mut occ, mut ab, mut worst, mut lo) =
                    (0, 0.0, 0.0, 0.0_f64, 1.0_f64);
                for seed in 0..seeds {
                    let r = simulate(&Scenario {
                        agents: n,
                        answer_probability: p,
                        seconds: secs,
                        seed,
                        dial_latency: lat,
                        bridge_latency: lat / 5.0,
                        ..Scenario::default()
                    })
                    .unwrap();
                    over += u32::from(r.abandon_rate > 0.03);
                    occ += r.occupancy;
                    ab += r.abandon_rate;
                    worst = worst.max(r.abandon_rate);
                    lo = lo.min(r.occupancy);
                }
                let k = seeds as f64;
                println!(
                    "N={n} {secs}s p={p}: over {over}/{seeds} occ {:.4} (min {lo:.3}) ab {:.4} worst {worst:.4}",
                    occ / k,
                    ab / k
                );
            }
        }
    } else {
        let answers: f64 = std::env::args()
            .nth(2)
            .and_then(|s| s.parse().ok())
            .unwrap_or(20000.0);
        let near = [
            (0.1, [0.0, 0.805, 0.930, 0.0, 0.0]),
            (0.3, [0.781, 0.833, 0.936, 0.963, 0.987]),
            (0.6, [0.0, 0.879, 0.946, 0.0, 0.0]),
        ];
        for (p, limits) in near {
            for (n, limit) in [5_u32, 10, 50, 100, 300].into_iter().zip(limits) {
                if n == 300 && p != 0.3 {
                    continue;
                }
                let t = std::time::Instant::now();
                let secs = answers * 135.0 / f64::from(n) / 0.9;
                let r = simulate(&Scenario {
                    agents: n,
                    answer_probability: p,
                    seconds: secs,
                    seed: 1,
                    ..Scenario::default()
                })
                .unwrap();
                println!(
                    "N={n} p={p} long {secs:.0}s: occ {:.4} (limit {limit}) ab {:.4} answers {} took {:.1}s",
                    r.occupancy,
                    r.abandon_rate,
                    r.live_answers,
                    t.elapsed().as_secs_f64()
                );
            }
        }
    }
}

//! The benchmarks of `docs/performance.md`.
fn main() {}

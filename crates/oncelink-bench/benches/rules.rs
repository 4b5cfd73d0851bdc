//! Micro-benchmarks of what every redeem computes: tokens, digests, ranges, names, coverage.
//!
//! Must not touch a disk or a socket: that is what the measurements are for.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use oncelink_core::coverage::Coverage;
use oncelink_core::holder::{ClaimHandle, Holder};
use oncelink_core::ports::Entropy;
use oncelink_core::token::Token;
use oncelink_core::{disposition, range};

const SIZE: u64 = 1 << 30;

/// The same bytes each time.
struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, into: &mut [u8]) {
        into.fill(0x5a);
    }
}

fn secrets(bench: &mut Criterion) {
    let token = Token::create(&Fixed);
    let text = token.reveal().to_owned();
    let holder = Holder::create(&Fixed);
    let handle = ClaimHandle::derive(&token, &holder).reveal();
    bench.bench_function("token: parse", |b| b.iter(|| Token::parse(black_box(&text))));
    bench.bench_function("token: its link's id (a digest)", |b| b.iter(|| black_box(&token).link_id()));
    bench.bench_function("claim: derive its address", |b| b.iter(|| ClaimHandle::derive(black_box(&token), black_box(&holder))));
    bench.bench_function("claim: parse its address", |b| b.iter(|| ClaimHandle::parse(black_box(&handle))));
}

fn headers(bench: &mut Criterion) {
    bench.bench_function("range: none", |b| b.iter(|| range::answer(black_box(None), SIZE)));
    bench.bench_function("range: open-ended", |b| b.iter(|| range::answer(black_box(Some("bytes=8388608-")), SIZE)));
    bench.bench_function("disposition: plain name", |b| b.iter(|| disposition::attachment(black_box("report-2026.pdf"))));
    bench.bench_function("disposition: name to be encoded", |b| {
        b.iter(|| disposition::attachment(black_box("Übersicht \"März\" – 2026.pdf")))
    });
    bench.bench_function("media type", |b| b.iter(|| disposition::safe_media_type(black_box(Some("application/pdf; charset=binary")))));
}

fn coverage(bench: &mut Criterion) {
    let mut whole = Coverage::new();
    // Every other segment, then those between.
    for segment in (0..128).step_by(2).chain((1..127).step_by(2)) {
        whole.add(segment * (8 << 20)..(segment + 1) * (8 << 20));
    }
    let text = whole.to_text();
    bench.bench_function("coverage: the last of 128 segments", |b| {
        b.iter(|| {
            let mut coverage = black_box(&whole).clone();
            coverage.add(127 * (8 << 20)..SIZE);
            coverage.is_whole(SIZE)
        });
    });
    bench.bench_function("coverage: from its text", |b| b.iter(|| Coverage::from_text(black_box(&text))));
}

criterion_group!(rules, secrets, headers, coverage);
criterion_main!(rules);

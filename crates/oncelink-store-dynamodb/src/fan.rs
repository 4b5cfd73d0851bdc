//! Several calls at a time, but not all of them.

use std::future::Future;
use std::panic::resume_unwind;

use tokio::task::JoinSet;

/// Does all of `work`, at most `at_once` at a time; the results in the order of the work. Dropping it stops what has not
/// begun.
pub(crate) async fn in_order<T, F>(work: impl IntoIterator<Item = F>, at_once: usize) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut waiting = work.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut done: Vec<(usize, T)> = Vec::new();
    let begin = |running: &mut JoinSet<(usize, T)>, next: Option<(usize, F)>| {
        if let Some((place, work)) = next {
            running.spawn(async move { (place, work.await) });
        }
    };
    for next in waiting.by_ref().take(at_once) {
        begin(&mut running, Some(next));
    }
    while let Some(result) = running.join_next().await {
        match result {
            Ok(finished) => done.push(finished),
            // Nobody aborts a task of this set but its own drop.
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => continue,
            },
        }
        begin(&mut running, waiting.next());
    }
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn results_come_in_order_and_the_bound_is_kept() {
        let running = Arc::new(AtomicUsize::new(0));
        let work = (0..50_usize).map(|number| {
            let running = Arc::clone(&running);
            async move {
                assert!(running.fetch_add(1, Ordering::SeqCst) < 7);
                for _ in 0..number % 5 {
                    tokio::task::yield_now().await;
                }
                running.fetch_sub(1, Ordering::SeqCst);
                number
            }
        });
        assert_eq!(in_order(work, 7).await, (0..50).collect::<Vec<_>>());
    }
}

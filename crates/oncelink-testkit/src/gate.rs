//! A gate that holds callers up until a test opens it: ordering without sleeping.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// A gate, closed at first. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate {
    arrived: Arc<Semaphore>,
    opened: Arc<Semaphore>,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self { arrived: Arc::new(Semaphore::new(0)), opened: Arc::new(Semaphore::new(0)) }
    }

    /// Lets everybody through, now and later.
    pub fn open(&self) {
        self.opened.close();
    }

    /// Lets `count` callers through, now or later.
    pub fn let_through(&self, count: usize) {
        self.opened.add_permits(count);
    }

    /// Waits until somebody stands at the gate that no earlier call has seen.
    pub async fn arrival(&self) {
        if let Ok(permit) = self.arrived.acquire().await {
            permit.forget();
        }
    }

    /// Stands at the gate until it opens. Safe to cancel.
    pub async fn pass(&self) {
        self.arrived.add_permits(1);
        // A closed semaphore is an open gate.
        if let Ok(permit) = self.opened.acquire().await {
            permit.forget();
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_passes_before_the_gate_opens() {
        let gate = Gate::new();
        let passing = tokio::spawn({
            let gate = gate.clone();
            async move { gate.pass().await }
        });
        gate.arrival().await;
        assert!(!passing.is_finished());
        gate.let_through(1);
        passing.await.expect("it was let through");
        gate.open();
        gate.pass().await;
    }
}

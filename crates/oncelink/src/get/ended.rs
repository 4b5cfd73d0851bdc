//! Why a download ended before everything was here, and whether its holder can go on with it.

use crate::exit::Failure;
use crate::problem::Problem;

/// Why a download ended before everything was here.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Its claim is over: nobody gets a byte more.
    ForGood(Failure),
    /// Its claim stands, as far as we know: the same holder can go on.
    ForNow(Failure),
}

impl Ended {
    /// What a problem at the claim's address means, when it won't pass by itself.
    pub(crate) fn by(problem: Problem) -> Self {
        let is_over = problem.ends_claims();
        let failure = match problem.status {
            401 | 403 | 404 | 409 | 410 | 429 => Failure::refused(problem.detail),
            _ => Failure::failed(problem.detail),
        };
        if is_over { Self::ForGood(failure) } else { Self::ForNow(failure) }
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::ForNow(failure)
    }
}

impl From<Ended> for Failure {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::ForGood(failure) | Ended::ForNow(failure) => failure,
        }
    }
}

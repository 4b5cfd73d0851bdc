//! Checks of the project itself; see the tests.

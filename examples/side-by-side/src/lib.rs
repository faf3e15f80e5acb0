//! The same app in each framework, and a test that they answer alike.

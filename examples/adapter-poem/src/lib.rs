//! An adapter for a fourth framework, in about a hundred lines.

//! SPDX licence expressions, and whether an allow-list satisfies one.

/// Returns whether a licence expression can be met with allowed licences alone.
///
/// Understands `OR`, `AND`, `WITH`, parentheses, and the old `MIT/Apache-2.0` for `OR`
/// (SPDX specification 2.3, annex D). What it does not understand is not met.
pub(super) fn is_met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        allowed,
    };
    reader.either() == Some(true) && reader.words.is_empty()
}

/// What is left of an expression. Every method returns none where the expression is broken.
#[derive(Debug)]
struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl<'a> Reader<'a> {
    fn either(&mut self) -> Option<bool> {
        let mut met = self.both()?;
        while self.take("OR") {
            met |= self.both()?;
        }
        Some(met)
    }

    fn both(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.take("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let met = self.either()?;
            return self.take(")").then_some(met);
        }
        let mut licence = self.word()?.to_owned();
        if self.take("WITH") {
            licence = format!("{licence} WITH {}", self.word()?);
        }
        Some(self.allowed.contains(&licence))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }

    fn word(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::is_met;

    fn met(expression: &str) -> bool {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        is_met(expression, &allowed)
    }

    #[test]
    fn one_allowed_alternative_is_enough() {
        for expression in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "GPL-3.0 OR (MIT AND ISC)",
            "ISC AND (GPL-3.0 OR MIT)",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
        ] {
            assert!(met(expression), "{expression}");
        }
    }

    #[test]
    fn every_part_of_a_conjunction_has_to_be_allowed() {
        for expression in [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "ISC AND MIT AND OpenSSL",
            "Apache-2.0",
            "(MIT OR ISC) AND GPL-3.0",
        ] {
            assert!(!met(expression), "{expression}");
        }
    }

    #[test]
    fn broken_expression_is_not_met() {
        for expression in [
            "", "MIT OR", "(MIT", "MIT)", "MIT ISC", "AND MIT", "MIT WITH",
        ] {
            assert!(!met(expression), "{expression}");
        }
    }
}

//! The provider of the model: it rotates, and takes a second use for a theft.

use super::super::step::Answer;
use super::world::{Request, World};
use super::{GENERATIONS, Numbered, Setting};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Provider {
    pub(super) next: u8,
    pub(super) used: [bool; GENERATIONS],
    /// Tokens whose sender saw no answer: it may send them once more.
    pub(super) excused: [bool; GENERATIONS],
    pub(super) ended: bool,
    pub(super) sent: u8,
    pub(super) access: u8,
}

impl World {
    /// A refresh token reaches the provider.
    pub(super) fn arrive(&mut self, number: usize, tokens: Numbered, setting: &Setting) {
        let refresh = tokens.refresh.expect("only what is there is sent");
        let key = usize::from(refresh);
        let provider = &mut self.provider;
        provider.sent += 1;
        let again = std::mem::replace(&mut provider.used[key], true);
        if setting.rotates && again {
            assert!(
                provider.excused[key],
                "refresh token {refresh} is sent a second time"
            );
            provider.ended = true;
        }
        let said = if provider.ended {
            Answer::Refused
        } else {
            provider.access += 1;
            let (refresh, access) = (
                if setting.rotates {
                    provider.next
                } else {
                    refresh
                },
                provider.access,
            );
            provider.next += 1;
            Answer::Tokens(Numbered {
                refresh: Some(refresh),
                access,
                refreshes: tokens.refreshes + 1,
                obtained_at: self.now,
                keeps: !setting.rotates,
            })
        };
        let Request::Running { answer, .. } = &mut self.requests[number] else {
            unreachable!()
        };
        *answer = Some(said);
    }
}

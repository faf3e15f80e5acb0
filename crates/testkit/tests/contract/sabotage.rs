//! Ways to get an adapter wrong, each with the clause that finds it.

macro_rules! faults {
    ($($number:literal $name:ident,)*) => {
        /// One fault in an adapter that is otherwise faithful.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Sabotage {
            $($name,)*
        }

        impl Sabotage {
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the number of the clause that is meant to find it.
            pub(crate) fn breaks(self) -> u32 {
                match self {
                    $(Self::$name => $number,)*
                }
            }
        }
    };
}

faults! {
    1 LosesPolicy,
    1 AddsHeader,
    1 TrimsBody,
    1 Redirects302,
    2 OverwritesSetCookie,
    2 JoinsSetCookies,
    2 ReversesSetCookies,
    3 ClosesConnections,
    4 HeadAsGet,
    4 AnswersOptions,
    4 Own405,
    5 UnknownAsGet,
    5 CapitalsMethod,
    6 DecodesPath,
    6 TrimsSlash,
    6 MergesSlashes,
    6 LowersPath,
    6 FoldsBase,
    6 NeedsRest,
    7 DecodesQuery,
    7 KeepsLastParameter,
    8 LosesAccept,
    8 LosesOrigin,
    8 LosesSecFetch,
    8 FirstValueOnly,
    9 FirstCookieField,
    10 CrashesOnForeignBytes,
    10 ForeignBytesLoseAll,
    11 AbsoluteFormAsPath,
    11 BelievesPrefix,
    11 BelievesOverride,
    11 RefusesHosts,
    12 LowersLimit,
    12 FormsOnly,
    12 RefusesCodings,
    13 NeedsLength,
    14 CutsBody,
    14 ReadsForEver,
    15 BelievesHalfBody,
    16 RemembersUser,
    17 RunsAnyway,
    17 AlwaysRedirects,
    17 AddsCharset,
    18 ChallengeLosesQuery,
    18 ChallengeLosesNest,
    19 OptionalInsists,
    20 IdentifiesEverywhere,
    21 StoreErrorIsStranger,
    21 StoreErrorIs500,
    22 FixedBase,
    23 HandlesTwice,
    24 CachesSessions,
    25 DropsPostedCallback,
    26 OneAtATime,
    27 BelievesFormMethod,
    27 TrimsQuery,
    27 RefusesLongTargets,
    27 ReadsFortyHeaders,
    27 RefusesExpectations,
    27 BelievesTrailers,
    27 GluesCookieFields,
    27 StopsAtOddCookie,
    28 LosesLogin,
    28 RepeatsLogin,
    29 Http2FirstCookieField,
    29 Http2NeedsHost,
    29 Http2CutsBody,
    29 Http2AnswersHeadInFull,
    30 GuardForgetsRule,
    30 GuardAsksForLogin,
    30 OptionalGuardInsists,
}

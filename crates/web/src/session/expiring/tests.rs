//! The bounded map against a plain one, and what one call may cost.

use std::collections::HashMap;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds)
}

/// Random enough, and the same at each run.
fn numbers() -> impl FnMut(u64) -> u64 {
    let mut state = 7_u64;
    move |below| {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) % below
    }
}

#[test]
fn holds_what_a_plain_map_holds() {
    let mut random = numbers();
    let mut map = Expiring::new(10_000);
    let mut plain: HashMap<u64, (u64, i64)> = HashMap::new();
    let mut now = 0;
    for step in 0..20_000 {
        let key = random(2_000);
        match random(10) {
            0..6 => {
                let until = now + 1 + random(500) as i64;
                let inserted = map.insert(key, step, at(until), at(now));
                for (_, gone, value) in inserted.gone {
                    let (held, until) = plain.remove(&gone).expect("it was there");
                    assert_eq!(held, value);
                    assert!(gone == key || until <= now, "neither replaced nor expired");
                }
                plain.insert(key, (step, until));
                assert_eq!(
                    map.live_at(inserted.slot, at(now)),
                    Some((&key, &step, at(until)))
                );
            }
            6..9 => {
                let gone = map.remove(&key).map(|(_, value)| value);
                assert_eq!(gone, plain.remove(&key).map(|(value, _)| value));
            }
            _ => now += 1,
        }
        let key = random(2_000);
        let held = plain.get(&key).filter(|(_, until)| now < *until);
        let until = held.map(|(value, until)| (value, at(*until)));
        assert_eq!(map.live_until(&key, at(now)), until);
        assert_eq!(map.len(), plain.len());
    }
    assert!(map.len() > 500, "{} are not many", map.len());
    let mut values: Vec<u64> = map.values().copied().collect();
    let mut expected: Vec<u64> = plain.values().map(|(value, _)| *value).collect();
    values.sort_unstable();
    expected.sort_unstable();
    assert_eq!(values, expected);
}

#[test]
fn of_one_second_the_oldest_makes_room() {
    let mut map = Expiring::new(3);
    for key in 0..3 {
        map.insert(key, (), at(100), at(0));
    }
    map.remove(&1);
    map.insert(3, (), at(100), at(0));
    for expected in [0, 2, 3] {
        let gone = map.insert(10 + expected, (), at(100), at(0)).gone;
        let gone: Vec<i32> = gone.into_iter().map(|(_, key, ())| key).collect();
        assert_eq!(gone, [expected]);
    }
}

#[test]
fn no_insertion_sweeps_more_than_its_share_and_all_goes_in_time() {
    let mut map = Expiring::new(100_000);
    for key in 0..1_000 {
        map.insert(key, (), at(10), at(0));
    }
    let mut insertions = 0;
    while map.live_until(&0, at(0)).is_some() || map.len() > insertions {
        let gone = map.insert(10_000 + insertions, (), at(100), at(10)).gone;
        assert!(gone.len() <= SWEPT);
        insertions += 1;
        assert!(insertions < 100, "what has expired stays");
    }
    assert_eq!(map.len(), insertions);
}

#[test]
fn chains_stay_short_at_every_size() {
    let mut map = Expiring::new(100_000);
    for key in 0..5_000_u64 {
        map.insert(key, (), at(10), at(0));
        let next = map.buckets.len().next_power_of_two();
        assert!(map.buckets.len() == map.len() && bucket(u32::MAX, map.buckets.len()) < next);
    }
    let longest = (0..map.buckets.len()).map(|bucket| {
        let first = map.buckets[bucket];
        let next = |slot: &Slot| map.entries.get(*slot).and_then(|entry| entry.next);
        std::iter::successors(first, next).count()
    });
    // A chance of one in a million million for one of twenty among 5,000.
    assert!(longest.max() < Some(20));
}

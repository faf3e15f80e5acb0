//! What has to be one step on the server, as scripts; each reads and writes one key.
//!
//! They are sent by their hash, and whole where the server does not know that: it forgets them when it starts.

use std::sync::LazyLock;

/// A script, and the hash that a server knows it by.
pub(crate) struct Script {
    pub(crate) code: String,
    pub(crate) hash: String,
}

impl Script {
    fn new(body: &str) -> Self {
        let code = format!("{COMMON}{body}");
        let hash = redis::Script::new(&code).get_hash().to_owned();
        Self { code, hash }
    }
}

/// Whether one moment comes before another, and whether a string is a record of this format.
const COMMON: &str = r"
local function before(a, b)
  for i = 1, 8 do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x < y end
  end
  return false
end
local function known(held, length)
  return held:byte(1) == 1 and #held >= length
end
local function last(key, milliseconds)
  if redis.call('PTTL', key) < tonumber(milliseconds) then
    redis.call('PEXPIRE', key, milliseconds)
  end
end
";

/// What a script answers where it found something that is not ours, or newer.
pub(crate) const FOREIGN: i64 = -1;

/// Writes a record unless one is there. `now, record, time to live, nonce`: 1 written, 0 taken.
pub(crate) static CREATE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.call('GETRANGE', KEYS[1], 0, 32)
if held ~= '' then
  if not known(held, 33) then return -1 end
  if held:sub(26, 33) == ARGV[4] then return 1 end
  if before(ARGV[1], held:sub(10, 17)) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
",
    )
});

/// Writes a record over the expected version. `now, version, record, time to live, length of the entries,
/// nonce and end of the entries that were written for it or nothing`: 1 written, 0 not, or the record that is
/// there where its entries have to be written first.
pub(crate) static REPLACE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.call('GETRANGE', KEYS[1], 0, 48)
if held == '' then return 0 end
if not known(held, 49) then return -1 end
local new, nonce, lasts = ARGV[3], held:sub(26, 33), held:sub(42, 49)
if held:sub(34, 41) == new:sub(34, 41) then return 1 end
if held:sub(2, 9) ~= ARGV[2] or not before(ARGV[1], held:sub(10, 17)) then return 0 end
if ARGV[6] == '' then
  local length = tonumber(ARGV[5])
  local entries = redis.call('GETRANGE', KEYS[1], 49, 48 + length)
  if before(lasts, new:sub(10, 17)) or entries ~= new:sub(50, 49 + length) then
    return redis.call('GET', KEYS[1])
  end
else
  if ARGV[6]:sub(1, 8) ~= nonce then return 0 end
  lasts = ARGV[6]:sub(9, 16)
end
new = new:sub(1, 25) .. nonce .. new:sub(34, 41) .. lasts .. new:sub(50)
redis.call('SET', KEYS[1], new, 'PX', ARGV[4])
return 1
",
    )
});

/// Removes a record and answers what it was.
pub(crate) static DELETE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
return held
",
    )
});

/// Removes a record if an entry is its own. `now, issued by, entry, nonce`: 1 removed, 2 removed though it is
/// a later one than the nonce says, 0 not.
pub(crate) static END: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.call('GET', KEYS[1])
if not held then return 0 end
if not known(held, 50) then return -1 end
if not before(ARGV[1], held:sub(10, 17)) then return 0 end
if before(ARGV[2], held:sub(18, 25)) then return 0 end
local at = 51
for _ = 1, held:byte(50) do
  local high, low = held:byte(at, at + 1)
  if not low then return -1 end
  local length = high * 256 + low
  if held:sub(at + 2, at + 1 + length) == ARGV[3] then
    redis.call('DEL', KEYS[1])
    return held:sub(26, 33) == ARGV[4] and 1 or 2
  end
  at = at + 2 + length
end
return 0
",
    )
});

/// Names a record in the set of an entry. `which have ended, until when it lasts, name, time to live`.
pub(crate) static INDEX: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local held = redis.call('ZSCORE', KEYS[1], ARGV[3])
if not held or tonumber(held) < tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
end
last(KEYS[1], ARGV[4])
return 1
",
    )
});

/// Marks something as used. `now, what to write, time to live`: 1 for the first, 0 for others.
pub(crate) static CONSUME: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.call('GET', KEYS[1])
if held then
  if not known(held, 17) then return -1 end
  if held == ARGV[2] then return 1 end
  if before(ARGV[1], held:sub(2, 9)) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
",
    )
});

/// Adds to the stream, and takes away what has ended at its beginning. `which have ended, what to add, time to
/// live`.
pub(crate) static REVOKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
redis.call('XADD', KEYS[1], '*', 'r', ARGV[2])
last(KEYS[1], ARGV[3])
for _, oldest in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 16)) do
  local held = oldest[2][2]
  if not known(held, 9) or before(ARGV[1], held:sub(2, 9)) then break end
  redis.call('XDEL', KEYS[1], oldest[1])
end
return 1
",
    )
});

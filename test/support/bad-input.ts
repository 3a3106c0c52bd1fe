// What hostile and careless callers send, by the kind of field. Every one of these is refused wherever that kind is asked for.

/** For amounts in UGX, which has no decimals. */
export const BAD_AMOUNTS: readonly unknown[] = [
  ...[
    '1e3',
    '-0',
    '+5',
    ' 12 ',
    '12\n',
    '00012',
    '',
    '0x10',
    '0b11',
    '0o17',
    '1,000',
    '1_000',
    '12abc',
    '1.005',
    '10.50',
  ],
  ...[
    'NaN',
    'Infinity',
    '-Infinity',
    '1e309',
    'null',
    'true',
    '1.',
    '.5',
    '1.0000',
    '0',
    '0.00',
    '-1',
    '--1',
    '1 000',
    '$5',
  ],
  ...['١٢٣', '１２３', '𝟏𝟐', '−5', '1٫5', '1\u200b', '\ufeff1', '1234567890123', `${'9'.repeat(400)}`, "1' OR '1'='1"],
  ...[9007199254740992, 1000, 0.1, 0, -1, 1e21, true, false, null, {}, [], ['5'], { $gt: 0 }],
];

/** For phones that must be Ugandan mobiles. */
export const BAD_PHONES: readonly unknown[] = [
  ...[
    '0712345678',
    '256712345678',
    '+256 712 345 678',
    '+2567123456789',
    '+25671234567',
    '+256900123456',
    '+1-800-FLOWERS',
  ],
  ...[
    '+00256712345678',
    '00256712345678',
    '+256712345678;ext=5',
    '+256712345678,,9',
    '+256414123456',
    '+256800100200',
    '+',
  ],
  ...[
    '+870773111632',
    '+254712345678',
    '+12025550123',
    'tel:+256712345678',
    '+256712345678\n',
    'call +256712345678 now',
    '',
  ],
  ...['+٢٥٦٧١٢٣٤٥٦٧٨', '＋２５６７１２３４５６７８', '+25671\u200b2345678', '\u202e+256712345678\u202c'],
  ...['9'.repeat(10_000), '+256712345678 ', ' +256712345678', '+256(0)712345678', '__proto__'],
  ...[256712345678, null, true, [], ['+256712345678'], {}],
];

export const BAD_CURRENCIES: readonly unknown[] = [
  ...[
    'ugx',
    'UGX ',
    ' UGX',
    'UGХ',
    'UG',
    'UGXX',
    'XXX',
    'XTS',
    'BTC',
    'JPY',
    '',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...['hasOwnProperty', 'valueOf', 'UGX\n', 'UGX\u200b', 800, null, true, {}, ['UGX']],
];

export const BAD_COUNTRIES: readonly unknown[] = [
  ...[
    'ug',
    'UG ',
    'UGA',
    'U',
    '',
    'XX',
    'ZZ',
    'UК',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    256,
    null,
    {},
    ['UG'],
  ],
];

/** For names of people and banks. */
export const BAD_NAMES: readonly unknown[] = [
  ...[
    '',
    ' ',
    '   \t',
    '\u200b',
    'John\u0007',
    'John\r\nlevel=error',
    '\u202enhoJ',
    'Jo\u200bhn',
    'John\u2028',
    '...',
    '🙂',
  ],
  ...['x'.repeat(101), 'x'.repeat(40_000), 'a\u0085', '\u2066John\u2069', 5, null, true, {}, ['John'], '👩‍👩‍👧‍👦 x'],
];

/** Names that look hostile and are only text: stored and given back as they are. */
export const ODD_NAMES: readonly string[] = [
  ...[
    "O'Brien",
    'Ann-Marie “Ann”',
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    'javascript:alert(1)',
    '{{7*7}}',
  ],
  ...[
    '$'.concat('{7*7}'),
    '&lt;script&gt;',
    "'; DROP TABLE transactions;--",
    '=HYPERLINK("x")',
    'null',
    'undefined',
    '[object Object]',
    'Жанна',
  ],
  ...['José', 'ሰላም 1', 'x'.repeat(100), '%s%n', '`id`', '../../etc/passwd', 'a\\b'],
];

/** For `reference` and `owner`. */
export const BAD_REFERENCES: readonly unknown[] = [
  ...['', ' ', 'a b', 'x'.repeat(65), 'é', 'a\tb', 'a\n', '\u202e', 'Ｉ', 7, null, {}, ['INV-7'], true],
];

export const BAD_KEYS: readonly string[] = [
  ...[
    '',
    '""',
    'x',
    'x'.repeat(15),
    'x'.repeat(129),
    'x'.repeat(10_000),
    'with some spaces',
    'tab\ttab\ttab\ttab\t',
    'a,b,c,d,e,f,g,h,i',
  ],
  ...[
    '0123456789abcdef, 0123456789abcdef',
    '"0123456789abcdef',
    '0123456789abcdef"',
    "'0123456789abcdef'",
    '"a""0123456789abcdef"',
  ],
  ...[
    '0123456789abcdeé',
    '0123456789abcd%41',
    '../../../../etc/passwd',
    "' OR 1=1-- ' OR 1=1--",
    '"0123456789abcdef";v=1',
    '"short"',
  ],
];

/** Names that JavaScript itself knows: a table that is a plain object would find something under them. */
export const LOOK_UP_NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  '__defineGetter__',
  '__lookupGetter__',
  'constructor.prototype',
  '__proto__.isAdmin',
];

/** For filters, cursors, dates, limits and whatever else is asked for in a query. */
export const BAD_QUERIES: readonly string[] = [
  "'",
  "';--",
  "') or 1=1",
  '$1',
  '\\',
  '%',
  '_',
  '%%%%'.repeat(1000),
  'amount;drop',
  '(select pg_sleep(10))',
  'desc,',
  '-1',
  '0',
  '1e9',
  '101',
  '0000-00-00',
  '9999-12-31',
  '2026-13-45T99:99:99Z',
  '+275760-09-13T00:00:00.000Z',
  '(a+)+$',
  `${'a'.repeat(5000)}!`,
  '../../etc/passwd',
  '..%2f',
  '%00',
  '9223372036854775808',
  '0f8fad5b-d9cb-469f-a165-70867728950e',
];

/** Bodies that are not one plain JSON object, whatever is inside. */
export const BAD_BODIES: readonly (readonly [string, string | Uint8Array])[] = [
  ['nothing', ''],
  ['spaces', '  '],
  ['an array', '[]'],
  ['a string', '"x"'],
  ['a number', '5'],
  ['null', 'null'],
  ['a trailing comma', '{"amount":"1",}'],
  ['two documents', '{}{}'],
  ['trailing garbage', '{} x'],
  ['a comment', '{/* x */}'],
  ['single quotes', "{'amount':'1'}"],
  ['an open brace', '{"amount":"1"'],
  ['a raw newline in a text', '{"amount":"1\n"}'],
  ['a byte order mark', '\ufeff{}'],
  ['UTF-16', new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0])],
  ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ['an overlong encoding', new Uint8Array([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
  ['half a surrogate pair', '{"reference":"\\ud800"}'],
  ['half a surrogate pair as a key', '{"\\udc00":"x"}'],
  ['a NUL', '{"reference":"a\\u0000b"}'],
  ['a NUL in a key', '{"a\\u0000":"b"}'],
  ['a key twice', '{"amount":"1","amount":"1000"}'],
  ['a key twice, once escaped', '{"amount":"1","\\u0061mount":"1000"}'],
  ['a key twice further in', '{"metadata":{"a":"1","b":{"c":"1","c":"2"}}}'],
  ['a key twice in an array', '{"metadata":[{"a":"1","a":"2"}]}'],
  ['__proto__', '{"__proto__":{"isAdmin":true}}'],
  ['__proto__ further in', '{"metadata":{"__proto__":{"isAdmin":true}}}'],
  ['__proto__ escaped', '{"\\u005f_proto__":{"isAdmin":true}}'],
  ['constructor.prototype', '{"constructor":{"prototype":{"isAdmin":true}}}'],
  ['prototype', '{"metadata":{"prototype":"x"}}'],
  ['21 levels', `{"a":${'['.repeat(20)}${']'.repeat(20)}}`],
  ['30,000 levels', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
  ['30,000 open braces', '{"a":'.repeat(10_000)],
  ['a bare NaN', '{"amount":NaN}'],
  ['a hexadecimal number', '{"amount":0x10}'],
];

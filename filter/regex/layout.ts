/**
 * The binary layout of an expression's table, written by `compiler/regex` and walked by the rest of this folder.
 * Valid as TypeScript and as AssemblyScript, like `../layout.ts`, and independent of it: a routing program holds
 * a table as bytes it knows nothing about.
 *
 * A table is relocatable, little-endian, 4-byte aligned, and its length is a multiple of four. One of four kinds:
 *
 *      0 ┌──────────────────────────────┐
 *        │ kind                     u32 │  TABLE_KIND
 *        │ length in bytes          u32 │  TABLE_LENGTH
 *        │ number of accept sets    u32 │  TABLE_SETS
 *        │ number of byte classes   u32 │  TABLE_CLASSES
 *        │ start                    u32 │  TABLE_START
 *        │ number of entries        u32 │  TABLE_ENTRIES
 *        │ kind's own               u32 │  DENSE_ACCEPTING, NFA_TARGETS, LITERALS_COUNT
 *        │ kind's own               u32 │  NFA_SHAPES
 *     32 ├──────────────────────────────┤  TABLE_CLASS_MAP
 *        │ class of each byte  256 × u8 │
 *    288 ├──────────────────────────────┤  TABLE_BODY
 *        │ DENSE  next state   n × u16  │  a state is the index of its row; 0 is the state that nothing leaves.
 *        │        accept set   m × u16  │  for each state from DENSE_ACCEPTING on, its accept set; then padding
 *        ├──────────────────────────────┤
 *        │ COMB   entries      n × u32  │  rows pushed into each other: a state is where its row begins, and no two
 *        │                              │  begin together, so an entry that names its class has one owner. A row
 *        │                              │  has an entry more, as of a class behind the last: its accept set.
 *        ├──────────────────────────────┤
 *        │ NFA    instructions n × 2u32 │
 *        │        targets      m × u32  │  where each shape's ways lead
 *        │        shapes                │  (most ways u8, way of each class u8 × classes) × k, then padding
 *        ├──────────────────────────────┤
 *        │ LITERALS entries     n × u32 │  a comb with one entry more in a row: where to go on when no way fits;
 *        │                              │  without it, at the start. In place of an accept set, an output
 *        │        outputs      m × 2u32 │  next output and one more << 2 | flags, target
 *        └──────────────────────────────┘
 *
 * An accept set names the expressions that match a text together; what it stands for is known to whoever asked
 * for the table. A DFA's transition is one load a byte: `state = next[state + class]`. The targets of LITERALS are
 * named one by one, and TABLE_SETS is their number.
 */

export const TABLE_KIND: u32 = 0;
export const TABLE_LENGTH: u32 = 4;
export const TABLE_SETS: u32 = 8;
export const TABLE_CLASSES: u32 = 12;
export const TABLE_START: u32 = 16;
export const TABLE_ENTRIES: u32 = 20;
export const TABLE_CLASS_MAP: u32 = 32;
export const TABLE_BODY: u32 = 288;

export const KIND_DENSE: u32 = 1;
export const KIND_COMB: u32 = 2;
export const KIND_NFA: u32 = 3;
export const KIND_LITERALS: u32 = 4;

/** The first accepting state: those that accept come last. */
export const DENSE_ACCEPTING: u32 = 24;
/** Indices of entries must fit into 16 bits. */
export const DENSE_MAX_ENTRIES: u32 = 0x10000;

/** An entry: its class and one more in the low bits (0: free), the next state or the accept set above. */
export const COMB_CLASS_MASK: u32 = 511;
export const COMB_SHIFT: u32 = 9;
export const COMB_MAX_ENTRIES: u32 = 0x800000;

/** Number of targets, and of shapes. */
export const NFA_TARGETS: u32 = 24;
export const NFA_SHAPES: u32 = 28;

/** Number of outputs. Those of shorter literals come before those of longer ones. */
export const LITERALS_COUNT: u32 = 24;
export const OUTPUT_SIZE: u32 = 8;
export const OUTPUT_LINK_SHIFT: u32 = 2;
export const OUTPUT_TARGET: u32 = 4;
/** The text must end with the literal. */
export const LITERAL_AT_END: u32 = 1;
/** The text must have no newline, for which a `.` does not stand. */
export const LITERAL_NO_NEWLINE: u32 = 2;

/** RE2 programs larger than this are refused by an Envoy that is configured as Istio does. */
export const NFA_MAX_INSTRUCTIONS: u32 = 32768;

// Instructions: operation | operand << OP_SHIFT, then another word.
export const INSTRUCTION_SIZE: u32 = 8;
export const OP_MASK: u32 = 7;
export const OP_SHIFT: u32 = 3;
/** The text has matched, when it ends here. */
export const OP_MATCH: u32 = 0;
/** Operand: a shape. Second word: the first of its targets; way w of the shape leads to target w - 1. */
export const OP_BYTE: u32 = 1;
/** Goes on at the operand and at the second word. */
export const OP_SPLIT: u32 = 2;
/** Operand: the ASSERT_ flags that must hold here. Second word: where to go on. */
export const OP_ASSERT: u32 = 3;
/** Operand: the slot of a capture. Second word: where to go on. */
export const OP_SAVE: u32 = 4;
/** Leads nowhere. */
export const OP_FAIL: u32 = 5;

// What can be asserted between two bytes; RE2's own numbers.
export const ASSERT_BEGIN_LINE: u32 = 1;
export const ASSERT_END_LINE: u32 = 2;
export const ASSERT_BEGIN_TEXT: u32 = 4;
export const ASSERT_END_TEXT: u32 = 8;
export const ASSERT_WORD_BOUNDARY: u32 = 16;
export const ASSERT_NO_WORD_BOUNDARY: u32 = 32;
export const ASSERT_ALL: u32 = 63;

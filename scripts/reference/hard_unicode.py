"""Texts that are hard for tokenizers, generated from a seed: scripts, marks, emoji, controls,
private use, unassigned, line ends, odd spaces, words, numbers and their mixtures."""
import random

WORDS = ("the and of to in is you that it he was for on are as with his they I at be this have from or one had by "
         "word but not what all were we when your can said there use an each which she do how their if will up other "
         "about out many then them these so some her would make like him into time has look two more write go see "
         "number no way could people my than first water been call who oil its now find long down day did get come "
         "made may part tokenizer preprocessing unbelievable internationalization antidisestablishmentarianism "
         "don't can't we've they'll I'm he'd she's DON'T Can'T WE'VE 'tis rock'n'roll").split()
VIETNAMESE = "Xin chào thế giới tiếng Việt đường phố Hà Nội người nước học sinh ngày mười bốn tháng bảy ưỡn ẹo khuỷu".split()
OTHER = ("Привет мир русский язык Ελληνικά γλώσσα עברית שלום العربية السلام عليكم हिन्दी नमस्ते தமிழ் ไทย ภาษาไทย 日本語 "
         "こんにちは 世界 中文 繁體 한국어 안녕하세요 ქართული հայերեն አማርኛ ᚠᚢᚦ ꦗꦮ ｆｕｌｌｗｉｄｔｈ ℌ𝔢𝔩𝔩𝔬 𝟙𝟚𝟛 ﬁ ﬃ ŀ Ǆ ß ẞ İ ı ſ K Å "
         "ａｂｃ ① ½ Ⅷ ㎏ ﷺ ㍿ straße İstanbul ΑΣ Σίσυφος").split()
EMOJI = ["👍", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇻🇳", "🇺🇸", "❤️", "☺", "🤷🏿‍♀️", "🧑🏻‍🚀", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "⌚️", "1️⃣", "🫠", "🫨"]
MARKS = [chr(c) for c in (0x300, 0x301, 0x302, 0x303, 0x306, 0x309, 0x31B, 0x323, 0x327, 0x345, 0x489, 0x5B0, 0x64B,
                          0x670, 0x93C, 0x94D, 0xE38, 0x302A, 0x302E, 0x3099, 0x1D165, 0x1D16D, 0x20DD, 0xFE0F, 0x1E000)]
SPACES = [" ", "  ", "\t", "\r\n", "\n", "\r", "\u00a0", "\u2003", "\u3000", "\u200b", "\u200c", "\u200d", "\ufeff",
          "\u2028", "\u2029", "\u0085", "\u1680", "\u180e", "\u2060", "\x0b", "\x0c", "\x1c", "   ", "\n\n", " \n "]
CONTROLS = [chr(c) for c in list(range(0, 32)) + [127, 128, 133, 159, 173, 0x600, 0x70F, 0x202E, 0x2066, 0xFFF9, 0xE0001]]
PRIVATE = ["\ue000", "\uf8ff", "\U000f0000", "\U0010fffd"]
UNASSIGNED = ["\u0378", "\u05ff", "\u2fe0", "\U0001fbff", "\U000e0080", "\ufdd0", "\uffff", "\U0010ffff"]
LOOKALIKE = ["\ud7ff", "\ue000", "\ufffd", "\ufffe", "\\ud83d", "\\ude00", "\uff0e", "\uffe8"]
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["…", "—", "“", "”", "‘", "’", "«", "»", "。", "、", "¿", "·", "٪", "‰", "№", "§", "...", "--", "!!!", "?!"]
NUMBERS = ["0", "1", "12", "123", "1234", "3.14", "1,000,000", "٣", "²", "½", "१२३", "𝟘", "1e-5", "0x1F", "2026-11-23"]
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[UNK]", "<|endoftext|>", "<|im_start|>", "</s>", "<s>", "<unk>", "<pad>",
           "<extra_id_0>", "<0x0A>", "▁", "Ġ", "##ing", "▁▁"]


def scalar(rng):
    """Any scalar, with the crowded blocks more often."""
    kind = rng.random()
    if kind < 0.4:
        value = rng.randrange(0x80, 0x3000)
    elif kind < 0.7:
        value = rng.randrange(0x3000, 0x10000)
    elif kind < 0.9:
        value = rng.randrange(0x10000, 0x20000)
    else:
        value = rng.randrange(0, 0x110000)
    return chr(value) if not 0xD800 <= value < 0xE000 else "\ue000"


def piece(rng):
    import unicodedata
    kind = rng.randrange(16)
    if kind < 3:
        return rng.choice(WORDS)
    if kind == 3:
        return unicodedata.normalize(rng.choice(["NFC", "NFD"]), rng.choice(VIETNAMESE))
    if kind == 4:
        return rng.choice(OTHER)
    if kind == 5:
        return rng.choice(EMOJI)
    if kind == 6:
        return rng.choice("aeiouxyzAE日नกا ") + "".join(rng.choice(MARKS) for _ in range(rng.randrange(1, 5)))
    if kind == 7:
        return rng.choice(CONTROLS)
    if kind == 8:
        return rng.choice(PRIVATE + UNASSIGNED + LOOKALIKE)
    if kind == 9:
        return rng.choice(PUNCTUATION)
    if kind == 10:
        return rng.choice(NUMBERS)
    if kind == 11:
        return "".join(scalar(rng) for _ in range(rng.randrange(1, 6)))
    if kind == 12:
        return rng.choice(SPECIAL)
    if kind == 13:
        return rng.choice(WORDS).upper()
    if kind == 14:
        return rng.choice("ax1!é日 \n'") * rng.randrange(1, 40)
    return rng.choice(SPACES)


def lines(seed, count):
    rng = random.Random(seed)
    for _ in range(count):
        yield "".join(piece(rng) + (rng.choice(SPACES) if rng.random() < 0.1 else " " if rng.random() < 0.6 else "")
                      for _ in range(rng.randrange(0, 14)))


def scalars():
    """Every scalar by itself and between letters."""
    for value in range(0x110000):
        if not 0xD800 <= value < 0xE000:
            yield chr(value)
            yield f"a{chr(value)}b {chr(value)}1"

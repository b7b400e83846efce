// Made by Scripts/fixtures/formats_safetensors.py with safetensors 0.8.0 and torch 2.15.0+cu132.

enum PythonFixture {
  static let base64 = """
    qAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJub3RlIjoibGluZVxuYW5kIFwicXVvdGVcIiIsImZvcm1hdCI6InB0In0sImk2NCI6eyJkdHlwZS
    I6Ikk2NCIsInNoYXBlIjpbNF0sImRhdGFfb2Zmc2V0cyI6WzAsMzJdfSwiZjY0Ijp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOls0LDVdLCJkYXRh
    X29mZnNldHMiOlszMiwxOTJdfSwiZW1wdHkiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsM10sImRhdGFfb2Zmc2V0cyI6WzE5MiwxOTJdfS
    wiZjMyIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOls0LDVdLCJkYXRhX29mZnNldHMiOlsxOTIsMjcyXX0sInF1b3RlIFwiIGFuZCDDvCI6eyJk
    dHlwZSI6IkYzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzI3MiwyNzZdfSwic2NhbGFyIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOl
    tdLCJkYXRhX29mZnNldHMiOlsyNzYsMjgwXX0sImkzMiI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbMSwyXSwiZGF0YV9vZmZzZXRzIjpbMjgw
    LDI4OF19LCJiZjE2Ijp7ImR0eXBlIjoiQkYxNiIsInNoYXBlIjpbNCw1XSwiZGF0YV9vZmZzZXRzIjpbMjg4LDMyOF19LCJmMTYiOnsiZHR5cG
    UiOiJGMTYiLCJzaGFwZSI6WzQsNV0sImRhdGFfb2Zmc2V0cyI6WzMyOCwzNjhdfSwidTgiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbMl0sImRh
    dGFfb2Zmc2V0cyI6WzM2OCwzNzBdfX0gICAgIAAAAAAAAAAA//////////8AAAAAAAAAQAAAAAAAAACAAAAAAAAAAAAAAAAAAAAAgAAAAAAAAP
    B/AAAAAAAA8P8AAAAAAAD4f6uqqmpM5WE+AAAAgLX49L6rqqqqqlLVQFVVVVWTDam/q6qqKmHF0D9VVVWV6DLUP1VVVdXNxde/AAAAAPwI4j9V
    VVUV9BbTv1VVVVW/WL6/q6qqKnhK2j8AAAAA25SnPwAAAACG8eG/VVVV1ckbuz9VVVXVbKqmPwAAAAAAAACAAACAfwAAgP8AAMB/lb/WM4Koe7
    gA4H9HdFEWvo5AST/nYnI/06KOv9Br2D9xE2W/fBS2vtG+nT8ifQ0+SFLXv7umoj6N/gc+AACAPwAAIEAHAAAAAAAAgAAAAICAf4D////XM3y4
    gEcWvkk/cj+Pv9g/Zb+2vp4/DT7Xv6M+CD4AAACAAHwA/AB+AgDvg/97s7BKOpM7dbzDPim7sbXuPGwwu74VNUAwAP8=
    """

  /// Shape, and the bits of each element as PyTorch converts it to float32.
  static let floats: [String: (shape: [Int], bits: [UInt32])] = [
    "f32": (
      [4, 5],
      [
        0x0000_0000, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x33d6_bf95, 0xb87b_a882, 0x477f_e000,
        0xbe16_5174, 0x3f49_408e, 0x3f72_62e7, 0xbf8e_a2d3, 0x3fd8_6bd0, 0xbf65_1371, 0xbeb6_147c, 0x3f9d_bed1,
        0x3e0d_7d22, 0xbfd7_5248, 0x3ea2_a6bb, 0x3e07_fe8d,
      ]
    ),
    "f16": (
      [4, 5],
      [
        0x0000_0000, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x3400_0000, 0xb87b_c000, 0x477f_e000,
        0xbe16_6000, 0x3f49_4000, 0x3f72_6000, 0xbf8e_a000, 0x3fd8_6000, 0xbf65_2000, 0xbeb6_2000, 0x3f9d_c000,
        0x3e0d_8000, 0xbfd7_6000, 0x3ea2_a000, 0x3e08_0000,
      ]
    ),
    "bf16": (
      [4, 5],
      [
        0x0000_0000, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0xffff_0000, 0x33d7_0000, 0xb87c_0000, 0x4780_0000,
        0xbe16_0000, 0x3f49_0000, 0x3f72_0000, 0xbf8f_0000, 0x3fd8_0000, 0xbf65_0000, 0xbeb6_0000, 0x3f9e_0000,
        0x3e0d_0000, 0xbfd7_0000, 0x3ea3_0000, 0x3e08_0000,
      ]
    ),
    "f64": (
      [4, 5],
      [
        0x0000_0000, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x330f_2a63, 0xb7a7_c5ac, 0x46aa_9555,
        0xbd48_6c9b, 0x3e86_2b09, 0x3ea1_9745, 0xbebe_2e6f, 0x3f10_47e0, 0xbe98_b7a1, 0xbdf2_c5fb, 0x3ed2_53c1,
        0x3d3c_a6d8, 0xbf0f_8c30, 0x3dd8_de4f, 0x3d35_5367,
      ]
    ),
    "scalar": ([], [0x4020_0000]),
    "empty": ([0, 3], []),
    "quote \" and ü": ([1], [0x3f80_0000]),
  ]

  static let integers: [String: (shape: [Int], values: [Int64])] = [
    "i64": ([4], [0, -1, 4_611_686_018_427_387_904, -9_223_372_036_854_775_808]),
    "i32": ([1, 2], [7, -2_147_483_648]),
    "u8": ([2], [0, 255]),
  ]
}

import DistillOptions
import DistillYAML
import Foundation
import TestSupport
import Testing

@Suite struct RoundTripTests {
  @Test func resolvedFileDecodesToTheSame() throws {
    let first = try Kitchen.decode(YAMLDocument(Kitchen.valid, folder: URL(filePath: "/data/here"))).value
    let text = first.resolvedYAML()
    #expect(
      text == """
        name: "a kitchen"
        note: null
        output: /data/here/runs/one
        layer_map: [[1, 2], [2, 4]]
        training:
          epochs: 4
          learning_rate: 1.0e-05
          seed: 18446744073709551615
          shuffle: true
        warmup:
          share: 0.5
          floor: 0.0
        losses:
          - use: cls-cosine
            form: squared
            layers: [1, 2]
            weight: 1.0
          - use: relational-kl
            temperature: 0.07
            weight: 0.5
        index:
          use: hnsw
          m: 8

        """)
    let second = try Kitchen.decode(YAMLDocument(text)).value
    #expect(second.resolvedYAML() == text)
    #expect(second.training == first.training && second.output == first.output)
  }

  /// Whatever a text holds, it comes back.
  @Test func textsSurvive() throws {
    var texts = [
      "", " ", "no", "y", "1", "010", "1e5", "~", "null", "true", ".inf", "-", "- a", "a: b", "a #b", "#", "a\nb", "\t",
      "\u{0}", "\u{7F}", "\u{85}", "\u{2028}", "\u{FEFF}", "\u{FFFE}", "\"", "\\", "'", "😀", "é", "e\u{301}", "{", "[",
      "&a",
      "*a", "!x", "|", ">", "%", "@", "`", "<<", "=", "..", "...", "---", "../x", "C:\\x", "a,b", "2024-01-01", "0x1F",
      "1:30",
    ]
    var random = SplitMix(state: 7)
    for _ in 0..<500 {
      let scalars = (0..<Int.random(in: 1...8, using: &random)).compactMap { _ in
        Unicode.Scalar(UInt32.random(in: 0...0x11_000, using: &random))
      }
      texts.append(String(String.UnicodeScalarView(scalars)))
    }
    for text in texts {
      var kitchen = Kitchen()
      (kitchen.name, kitchen.note) = (text, text)
      let back = try Kitchen.decode(YAMLDocument(kitchen.resolvedYAML())).value
      #expect(Array(back.name.utf8) == Array(text.utf8), "\(text.debugDescription)")
    }
  }

  @Test func numbersSurvive() throws {
    var random = SplitMix(state: 11)
    for _ in 0..<1000 {
      let bits = UInt32.random(in: 1..<0x7F80_0000, using: &random)
      var term = Relational()
      term.temperature = Float(bitPattern: bits)
      let back = try YAMLDocument(term.resolvedYAML()).decode(Relational.self).value
      #expect(back == term)
    }
  }

  @Test func descriptionsListEveryOption() throws {
    let options = Kitchen.optionDescriptions(registry: try Kitchen.registry())
    #expect(
      options.map(\.key) == ["name", "note", "output", "layer_map", "training", "warmup", "losses", "index"])
    #expect(options[0].isRequired && options[0].defaultValue == nil)
    #expect(options[3].type == "`uniform` or a list of lists of whole numbers")
    #expect(
      options[4].nested.map(\.type) == [
        "a whole number, at least 1", "a number, greater than 0", "a whole number", "`true` or `false`",
      ])
    #expect(options[4].nested[1].defaultValue?.flow == "5.0e-05")
    #expect(options[5].nested.map(\.key) == ["share", "floor"])
    #expect(options[6].nested.map(\.key) == ["use", "weight"])
    #expect(options[6].nested[0].shape == .pluginName(kind: "loss"))
    #expect(options[7].shape == .plugin(kind: "index"))
    #expect(Cosine.optionDescriptions()[0].shape == .choice(["plain", "squared"]))
  }
}

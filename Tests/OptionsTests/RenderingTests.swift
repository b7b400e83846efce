import DistillOptions
import DistillYAML
import Foundation
import Testing

@Suite struct RenderingTests {
  private func problems(_ text: String) throws -> Diagnostics {
    try #require(throws: Diagnostics.self) { try Kitchen.decode(YAMLDocument(text, name: "some/file.yaml")) }
  }

  @Test func likeACompiler() throws {
    let error = try problems(
      "name: x\ntraining: {epochs: 1}\nlosses:\n  - use: relational-kl\n    temprature: 0.1\nindx: {use: hnsw}")
    #expect(
      error.rendered() == """
        some/file.yaml:5:5: error: unknown key `temprature`
         5 |     temprature: 0.1
           |     ^^^^^^^^^^
           = hint: did you mean `temperature`?

        some/file.yaml:6:1: error: unknown key `indx`
         6 | indx: {use: hnsw}
           | ^^^^
           = hint: did you mean `index`?
        """)
    #expect(error.rendered(colour: true).contains("\u{1B}[1;31m    ^^^^^^^^^^\u{1B}[0m"))
  }

  @Test func asJSON() throws {
    let error = try problems("name: x\ntraining: {epochs: 0}")
    let decoded = try JSONSerialization.jsonObject(with: error.json()) as? [[String: NSObject]]
    #expect(
      decoded == [
        [
          "severity": NSString("error"), "message": NSString("must be at least 1, found 0"),
          "file": NSString("some/file.yaml"), "line": NSNumber(2), "column": NSNumber(20), "length": NSNumber(1),
          "source": NSString("training: {epochs: 0}"),
        ]
      ])
  }

  /// A file must not be able to move the cursor, nor flood the screen.
  @Test func longAndHostileLines() throws {
    let error = try problems(
      "name: x\ntraining: {epochs: 1}\nnote: \"" + String(repeating: "é", count: 5000) + "\" \nx\u{202E}y: 1")
    #expect(error.list.count == 1)
    #expect(error.rendered().contains("x\u{FFFD}y: 1\n"))
    let coloured = try problems("name: x\n\"a\\e[31m\\nb\": 1\ntraining: {epochs: 1}").rendered()
    #expect(coloured.contains("unknown key `a\u{FFFD}[31m\u{FFFD}b`\n") && !coloured.contains("\u{1B}"))
    let long = try problems("name: x\ntraining: {epochs: 1}\n\"" + String(repeating: "k", count: 900) + "\": {use: 5}")
    #expect(long.rendered().split(separator: "\n").allSatisfy { $0.count < 1200 })
    #expect(long.list[0].range.length == 902)
  }

  @Test func nearestNamesFirst() {
    let names = ["relational-kl", "attention-kl", "cls-cosine", "soft-cross-entropy"]
    #expect(nearestNames(to: "relatoinal_kl", among: names) == ["relational-kl"])
    #expect(nearestNames(to: "ClsCosine", among: names) == ["cls-cosine"])
    #expect(nearestNames(to: "soft-crossentropy", among: names) == ["soft-cross-entropy"])
    #expect(nearestNames(to: "hard", among: names) == [])
    #expect(nearestNames(to: "ab", among: ["ba", "b", "abc"]) == ["abc", "b", "ba"])
    #expect(nearestNames(to: "", among: names) == [])
  }
}

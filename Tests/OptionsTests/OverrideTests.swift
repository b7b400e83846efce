import DistillOptions
import DistillYAML
import Foundation
import Testing

@Suite struct OverrideTests {
  private func document(_ overrides: (String, String)...) -> YAMLDocument {
    var document = YAMLDocument(Kitchen.valid)
    for (path, value) in overrides { document.set(path, value) }
    return document
  }

  @Test func valuesReplaceOrJoin() throws {
    let document = document(
      ("training.epochs", "9"), ("losses[1].weight", "2"), ("losses[0].layers[1]", "7"), ("note", "\"a b\""),
      ("warmup", "{share: 0.25}"), ("warmup.floor", "0.125"), ("index.use", "hnsw"), ("layer_map", "[[3, 4]]"))
    let kitchen = try Kitchen.decode(document).value
    #expect(kitchen.training.epochs == 9 && kitchen.note == "a b")
    #expect(kitchen.losses[1].weight == 2)
    #expect((kitchen.losses[0].term as? Cosine)?.layers == [1, 7])
    #expect(kitchen.warmup == Warmup(share: 0.25, floor: 0.125))
    #expect(kitchen.layerMap == .pairs([[3, 4]]))
  }

  @Test func anEmptyFileCanBeFilled() throws {
    var document = YAMLDocument("")
    document.set("name", "x")
    document.set("training.epochs", "1")
    #expect(try Kitchen.decode(document).value.training.epochs == 1)
  }

  @Test func mistakesPointIntoTheOverride() throws {
    let document = document(
      ("trainig.epochs", "1"), ("training.epochs", "many"), ("losses[7].weight", "1"), ("name.x", "1"),
      ("training[0]", "1"), ("a..b", "1"), ("losses[x]", "1"), ("", "1"), ("index", "{use: hnsw, n: 1}"),
      ("note", "[a"), ("losses[99999999999999999999]", "1"), ("index.m", ""))
    let problems = try Kitchen.problems(document)
    let expected = [
      "1:1 unknown key `trainig` (did you mean `training`, which is given in text.yaml:4:1?)",
      "1:17 expected a whole number, found the text \"many\"",
      "1:7 the list has 2 items, counted from 0",
      "1:6 `x` cannot be set inside the text \"a kitchen\"",
      "1:9 only a list has items, this is a mapping",
      "1:1 `a..b` is not a path to an option (a path looks like training.epochs or losses[1].weight)",
      "1:1 `losses[x]` is not a path to an option (a path looks like training.epochs or losses[1].weight)",
      "1:1 `` is not a path to an option (a path looks like training.epochs or losses[1].weight)",
      "1:19 unknown key `n` (did you mean `m`, which is given in --set index.m?)",
      "1:6 did not find expected ',' or ']' while parsing a flow sequence (a comma or a closing bracket is missing)",
      "1:1 `losses[99999999999999999999]` is not a path to an option (a path looks like training.epochs or losses[1].weight)",
      "1:9 expected a whole number, found nothing (give a value, or leave the key out)",
    ]
    #expect(problems == expected)
  }

  @Test func theOptionNamesThePlace() throws {
    let error = try #require(throws: Diagnostics.self) {
      try Kitchen.decode(document(("training.epochs", "0")))
    }
    #expect(
      error.rendered() == """
        --set training.epochs: error: must be at least 1, found 0
         1 | training.epochs=0
           |                 ^
        """)
  }
}

import DistillYAML
import DistillCore
import DistillPipeline
import Foundation
import Testing

/// What is told of plugins: it comes from their options, so that none is missing and none is invented.
struct DescriptionTests {
  private func keys(_ options: [OptionDescription]) -> Set<String> { Set(options.map(\.key)) }

  private func check(_ options: [OptionDescription], in schema: Node?, _ path: String) throws {
    let properties = try #require(schema?["properties"]?.entries, "\(path)")
    #expect(Set(properties.map(\.key)) == keys(options).union(path.isEmpty ? ["extends"] : []), "\(path)")
    for option in options {
      let property = schema?["properties"]?[option.key]
      #expect(property?["description"]?.scalar?.text == option.summary, "\(path).\(option.key)")
      #expect(!option.summary.isEmpty, "\(path).\(option.key)")
      let isPlugin = option.nested.contains { if case .pluginName = $0.shape { true } else { false } }
      guard !option.nested.isEmpty, !isPlugin else { continue }
      try check(option.nested, in: property, "\(path).\(option.key)")
    }
  }

  @Test func everyOptionOfEveryPluginIsInTheSchema() throws {
    let registry = try registry()
    let text = ReferencePages.schema(registry)
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
    let schema = try #require(YAMLDocument(text).root)
    try check(PipelineOptions.optionDescriptions(registry: registry), in: schema, "")
    for kind in registry.kinds.map(\.name) {
      let place = kind == "loss" ? schema["properties"]?["losses"]?["items"] : schema["$defs"]?[kind]
      for plugin in registry.plugins(ofKind: kind) {
        let then = place?["allOf"]?.items?.first {
          $0["if"]?["properties"]?["use"]?["const"]?.scalar?.text == plugin.name
        }?["then"]
        var options = plugin.type.optionDescriptions(registry: registry)
        if kind == "loss" { options += LossOptions.optionDescriptions(registry: registry).filter { $0.key != "use" } }
        let properties = try #require(then?["properties"]?.entries, "\(kind) \(plugin.name)")
        #expect(Set(properties.map(\.key)) == keys(options).union(["use"]), "\(kind) \(plugin.name)")
        #expect(then?["additionalProperties"]?.scalar?.text == "false")
      }
    }
  }

  @Test func everyOptionIsOnThePages() throws {
    let registry = try registry()
    let pages = Dictionary(uniqueKeysWithValues: ReferencePages(registry).files.map { ($0.name, $0.text) })
    func rows(_ options: [OptionDescription], under path: String = "") -> [String] {
      options.flatMap { option in
        ["| `\(path)\(option.key)` |"]
          + rows(option.nested, under: path + option.key + (option.shape == .sections ? "[]." : "."))
      }
    }
    for row in rows(PipelineOptions.optionDescriptions(registry: registry)) {
      #expect(pages["pipeline.md"]?.contains(row) == true, "\(row)")
    }
    for plugin in registry.plugins {
      let page = try #require(pages["\(plugin.kind).md"])
      let section = try #require(page.components(separatedBy: "\n## ").first { $0.hasPrefix(plugin.name + "\n") })
      for row in rows(plugin.type.optionDescriptions(registry: registry)) {
        #expect(section.contains(row), "\(plugin.name): \(row)")
      }
      #expect(try #require(pages["README.md"]).contains("(\(plugin.kind).md#\(plugin.name))"))
    }
  }

  @Test func examplesAreValid() throws {
    let registry = try registry()
    let lines = [
      "version: 1", "name: example", "task: {use: mrpc, train: train.tsv}", "teacher: {use: bert, checkpoint: teacher}",
      "student: {use: bert, checkpoint: student}", "losses: [{use: hard-cross-entropy}]", "output: runs/example",
    ]
    for plugin in registry.plugins {
      let example = PluginDescription(plugin, registry: registry).example
      let key = try #require(example.split(separator: ":").first)
      let text = (lines.filter { !$0.hasPrefix("\(key):") } + [example]).joined(separator: "\n")
      #expect(throws: Never.self, "\(example)") {
        _ = try YAMLDocument(text).decode(PipelineOptions.self, registry: registry)
      }
      #expect(example.contains("use: \(plugin.name)"))
    }
  }

  @Test func aLossSaysWhatItReads() throws {
    let registry = try registry()
    func reads(_ name: String) throws -> String? {
      PluginDescription(try #require(registry.plugins.first { $0.name == name }), registry: registry).reads
    }
    #expect(try reads("hard-cross-entropy") == "once for each batch; teacher: nothing; student: logits")
    #expect(
      try reads("hidden-distance") == "once for each pair of mapped layers; teacher: class-token; student: class-token")
    #expect(try reads("hnsw") == nil)
  }
}

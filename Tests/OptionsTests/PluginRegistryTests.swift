import DistillOptions
import Testing

@Suite struct PluginRegistryTests {
  private let kinds = [PluginKind("loss", (any Term).self), PluginKind("index", (any Index).self)]

  @Test func lookUp() throws {
    let registry = try Kitchen.registry()
    #expect(registry.plugins(ofKind: "loss").map(\.name) == ["relational-kl", "cls-cosine"])
    #expect(registry.plugins(of: (any Index).self).map(\.name) == ["hnsw"])
    let term: (any Term)? = registry.make("relational-kl")
    #expect(term?.factor == Double(Float(0.1)))
    #expect(registry.make("hnsw", as: (any Term).self) == nil)
  }

  @Test func oneNameMayServeTwoKinds() throws {
    struct Other: Index {
      static let name = "relational-kl"
      static let summary = ""
      mutating func options(_ visit: inout OptionVisitor) {}
    }
    let registry = try PluginRegistry(
      [
        CompiledPlugin(kind: "loss", name: "relational-kl", type: Relational.self),
        CompiledPlugin(kind: "index", name: "relational-kl", type: Other.self),
      ], kinds: kinds)
    #expect(registry.make("relational-kl", as: (any Index).self) is Other)
  }

  @Test func contradictionsAreAllTold() throws {
    let error = try #require(throws: PluginRegistryError.self) {
      try PluginRegistry(
        [
          CompiledPlugin(kind: "loss", name: "hnsw", type: Graph.self),
          CompiledPlugin(kind: "loss", name: "kl", type: Relational.self),
          CompiledPlugin(kind: "lose", name: "cls-cosine", type: Cosine.self),
          CompiledPlugin(kind: "loss", name: "cls-cosine", type: Cosine.self),
          CompiledPlugin(kind: "loss", name: "cls-cosine", type: Cosine.self),
        ], kinds: kinds)
    }
    #expect(
      error.problems == [
        "loss `hnsw`: the type Graph is not a loss", "loss `kl`: the type Relational calls itself `relational-kl`",
        "lose `cls-cosine`: there is no such kind; known are `loss` or `index`", "loss `cls-cosine` is listed twice",
      ])
  }
}

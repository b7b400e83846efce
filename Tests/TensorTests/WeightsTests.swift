import DistillTensor
import Foundation
import Synchronization
import Testing

struct WeightsTests {
  private static func layout() throws -> ParameterLayout {
    try ParameterLayout([
      .init("a", [3, 5], decays: true), .init("b", [7], decays: false), .init("query", [2, 4], decays: true),
      .init("key", [3, 4], decays: true, adjoins: true), .init("none", [0, 4], decays: true),
    ])
  }

  private static func numbers(_ definition: ParameterDefinition) -> [Float] {
    (0..<definition.shape.count).map { Float($0) + Float(definition.name.count) }
  }

  @Test func holdWhatTheyWereFilledWith() throws {
    let layout = try Self.layout()
    let weights = Weights(layout, fill: Self.numbers)
    for definition in layout.definitions {
      #expect(weights[definition.name].values == Self.numbers(definition) && !weights[definition.name].requiresGradient)
    }
    let joined = weights[layout.joined(["query", "key"])]
    #expect(joined.shape == [5, 4] && joined.values == weights["query"].values + weights["key"].values)
    #expect(layout.count == 15 + 7 + 8 + 12 && layout.contains("none") && !layout.contains("c"))
  }

  /// Layout and numbers of a store, and nothing that happens to it afterwards.
  @Test func areACopyOfAStore() throws {
    let layout = try Self.layout()
    let store = try ParameterStore(layout)
    for definition in layout.definitions { store[definition.name].assign(Self.numbers(definition)) }
    let weights = Weights(store)
    let joined = store.variable(layout.joined(["query", "key"]))
    joined.sum().backward()
    AdamW(store).update(learningRate: 1)
    #expect(store["key"].value.values != weights["key"].values)
    for definition in layout.definitions { #expect(weights[definition.name].values == Self.numbers(definition)) }
  }

  /// Threads that meet at the first look for each rounded copy. So often because the memory pool's lock, taken before and after,
  /// hides from the thread sanitizer most of the races that there would be.
  @Test(.enabled(if: Precision.bfloat16.isAvailable)) func threadsRoundThemAtOnce() throws {
    let layout = try ParameterLayout((0..<64).map { ParameterDefinition("\($0)", [8, 8], decays: true) })
    let places = layout.definitions.map { layout[$0.name] }
    @Sendable func products(_ weights: Weights) -> [[Float]] {
      Compute.$threads.withValue(1) {
        Compute.$precision.withValue(.bfloat16) {
          let x = Tensor((0..<16).map { 0.3 * Float($0) }, [2, 8])
          return places.map { linear(x, weight: weights[$0]).values }
        }
      }
    }
    let fill: @Sendable (ParameterDefinition) -> [Float] = { definition in
      (0..<64).map { 0.01 * Float($0 * definition.name.count) }
    }
    let expected = products(Weights(layout, fill: fill))
    let wrong = Atomic<Int>(0)
    for _ in 0..<400 {
      let weights = Weights(layout, fill: fill)
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        if products(weights) != expected { wrong.add(1, ordering: .relaxed) }
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
  }
}

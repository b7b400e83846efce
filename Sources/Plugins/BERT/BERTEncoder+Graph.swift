import DistillCore

extension BERTEncoder: ExportableEncoder {
  public func addNodes(
    to graph: inout ModelGraph
  ) throws -> (embedding: ModelGraph.Value, logits: ModelGraph.Value) {
    var parts = BERTGraph(encoder: self, graph: graph)
    defer { graph = parts.graph }
    let embedding = pairs == .separate ? parts.separateEmbedding() : parts.jointEmbedding()
    return (embedding, parts.linear(embedding, BERTParameters.classifier[0], BERTParameters.classifier[1]))
  }
}

/// The nodes of a BERT encoder. Sequences are padded at the end: B sequences of T tokens.
private struct BERTGraph {
  typealias Value = ModelGraph.Value

  let encoder: BERTEncoder
  var graph: ModelGraph
  private var configuration: BERTConfiguration { encoder.configuration }

  init(encoder: BERTEncoder, graph: ModelGraph) { (self.encoder, self.graph) = (encoder, graph) }

  // MARK: Readouts

  /// Returns the readout of the sequences as they are, [B, H].
  mutating func jointEmbedding() -> Value {
    let types = graph.node("Gather", [weights(Self.table("token_type")), graph.tokenTypeIDs])  // [B, T, H]
    let length = graph.node("Shape", [graph.inputIDs], ["start": .integer(1), "end": .integer(2)])
    let positions = graph.node(
      "Slice", [weights(Self.table("position")), graph.list([0]), length, graph.list([0])])  // [T, H]
    return read(graph.inputIDs, mask: graph.attentionMask, types: types, positions: positions)
  }

  /// Returns (u, v, |u − v|, u·v) of the embeddings of both texts of each pair, [B, 4H].
  ///
  /// The first text is what is left of the sequence when the second one counts as padding. The second text is the sequence with [CLS] put
  /// before it and with the first one as padding in between, so that its positions have to be counted.
  mutating func separateEmbedding() -> Value {
    let second = graph.node("Mul", [graph.attentionMask, graph.tokenTypeIDs])
    let first = graph.node("Sub", [graph.attentionMask, second])
    func column(_ value: Value) -> Value {
      graph.node("Slice", [value, graph.list([0]), graph.list([1]), graph.list([1])])  // [B, 1]
    }
    func prefixed(_ value: Value, by other: Value) -> Value {
      graph.node("Concat", [column(other), value], ["axis": .integer(1)])  // [B, 1 + T]
    }
    let u = readAlone(graph.inputIDs, mask: first)
    let v = readAlone(
      prefixed(graph.inputIDs, by: graph.inputIDs), mask: prefixed(second, by: graph.attentionMask))
    let difference = graph.node("Abs", [graph.node("Sub", [u, v])])
    return graph.node("Concat", [u, v, difference, graph.node("Mul", [u, v])], ["axis": .integer(1)])
  }

  /// Returns the readout of the tokens that a mask leaves, which may begin anywhere and all have the type 0; [B, H].
  private mutating func readAlone(_ ids: Value, mask: Value) -> Value {
    let counted = graph.node("CumSum", [mask, graph.scalar(1)])
    let indices = graph.node("Max", [graph.node("Sub", [counted, graph.scalar(1)]), graph.scalar(0)])
    let positions = graph.node("Gather", [weights(Self.table("position")), indices])  // [B, T, H]
    let types = graph.node("Gather", [weights(Self.table("token_type")), graph.list([0])])  // [1, H]
    return read(ids, mask: mask, types: types, positions: positions)
  }

  /// Returns the readout of sequences, [B, H].
  private mutating func read(_ ids: Value, mask: Value, types: Value, positions: Value) -> Value {
    let words = graph.node("Gather", [weights(Self.table("word")), ids])  // [B, T, H]
    let sum = graph.node("Add", [graph.node("Add", [words, types]), positions])
    var states = norm(sum, "bert.embeddings.LayerNorm")
    let present = graph.node("Cast", [mask], ["to": .integer(1)])  // [B, T], float32
    // 0 for tokens and −1e30 for padding, whose exponential is 0.
    let absent = graph.node("Mul", [graph.node("Sub", [present, graph.scalar(Float(1))]), graph.scalar(Float(1e30))])
    let bias = graph.node("Unsqueeze", [absent, graph.list([1, 2])])  // [B, 1, 1, T]
    for layer in 1...configuration.layers { states = apply(BERTParameters.layer(layer), to: states, bias) }
    switch encoder.readout {
    case .cls: return classToken(states)
    case .pooler:
      return graph.node("Tanh", [linear(classToken(states), BERTParameters.pooler[0], BERTParameters.pooler[1])])
    case .mean:
      let factors = graph.node("Unsqueeze", [present, graph.list([2])])  // [B, T, 1]
      let keepsNone = ["keepdims": ModelGraph.Attribute.integer(0)]
      let total = graph.node("ReduceSum", [graph.node("Mul", [states, factors]), graph.list([1])], keepsNone)
      let count = graph.node("ReduceSum", [factors, graph.list([1])], keepsNone)  // [B, 1]
      return graph.node("Div", [total, graph.node("Max", [count, graph.scalar(Float(1))])])
    }
  }

  private mutating func classToken(_ states: Value) -> Value {
    graph.node("Gather", [states, graph.scalar(0)], ["axis": .integer(1)])
  }

  // MARK: Layers

  /// Maps states [B, T, H] to those after a layer.
  ///
  /// - Parameters:
  ///   - prefix: What the names of the layer's parameters begin with.
  ///   - states: The states before it.
  ///   - bias: What is added to the scores of the attention, [B, 1, 1, T].
  private mutating func apply(_ prefix: String, to states: Value, _ bias: Value) -> Value {
    let width = configuration.hiddenSize / configuration.heads
    func heads(_ part: String, _ order: [Int]) -> Value {
      let projected = linear(states, prefix + "attention.self.\(part).weight", prefix + "attention.self.\(part).bias")
      let split = graph.node("Reshape", [projected, graph.list([0, 0, configuration.heads, width])])
      return graph.node("Transpose", [split], ["perm": .integers(order)])
    }
    let (queries, keys) = (heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]))
    let values = heads("value", [0, 2, 1, 3])  // [B, A, T, H/A]
    let scale = graph.scalar(1 / Float(width).squareRoot())
    let scores = graph.node("Mul", [graph.node("MatMul", [queries, keys]), scale])  // [B, A, T, T]
    let probabilities = graph.node("Softmax", [graph.node("Add", [scores, bias])], ["axis": .integer(-1)])
    let context = graph.node(
      "Transpose", [graph.node("MatMul", [probabilities, values])], ["perm": .integers([0, 2, 1, 3])])
    let joined = graph.node("Reshape", [context, graph.list([0, 0, configuration.hiddenSize])])

    let output = linear(
      joined, prefix + "attention.output.dense.weight", prefix + "attention.output.dense.bias")
    let attended = norm(graph.node("Add", [output, states]), prefix + "attention.output.LayerNorm")
    let wide = linear(attended, prefix + "intermediate.dense.weight", prefix + "intermediate.dense.bias")
    let narrow = linear(activated(wide), prefix + "output.dense.weight", prefix + "output.dense.bias")
    return norm(graph.node("Add", [narrow, attended]), prefix + "output.LayerNorm")
  }

  private mutating func activated(_ x: Value) -> Value {
    func gate(_ bounded: Value) -> Value {  // ½·x·(1 + bounded)
      let half = graph.node("Mul", [x, graph.scalar(Float(0.5))])
      return graph.node("Mul", [half, graph.node("Add", [bounded, graph.scalar(Float(1))])])
    }
    switch configuration.activation {
    case .relu: return graph.node("Relu", [x])
    case .gelu:
      return gate(graph.node("Erf", [graph.node("Mul", [x, graph.scalar(Float(0.5).squareRoot())])]))
    case .geluTanh:
      let cube = graph.node("Mul", [graph.node("Mul", [x, x]), x])
      let inner = graph.node("Add", [x, graph.node("Mul", [cube, graph.scalar(Float(0.044715))])])
      return gate(graph.node("Tanh", [graph.node("Mul", [inner, graph.scalar((2 / Float.pi).squareRoot())])]))
    }
  }

  /// Returns x·Wᵀ + b. The file has Wᵀ, [inputs, outputs], because a product of more than two axes transposes nothing.
  mutating func linear(_ x: Value, _ weight: String, _ bias: String) -> Value {
    let (outputs, inputs) = (encoder.weights[weight].shape[0], encoder.weights[weight].shape[1])
    let transposed = graph.weights(weight + ".transposed", [inputs, outputs]) { [weights = encoder.weights] in
      let values = weights[weight].values
      var turned = [Float](repeating: 0, count: values.count)
      for row in 0..<outputs {
        for column in 0..<inputs { turned[column * outputs + row] = values[row * inputs + column] }
      }
      return turned
    }
    return graph.node("Add", [graph.node("MatMul", [x, transposed]), weights(bias)])
  }

  private mutating func norm(_ x: Value, _ name: String) -> Value {
    graph.node(
      "LayerNormalization", [x, weights(name + ".weight"), weights(name + ".bias")],
      ["axis": .integer(-1), "epsilon": .number(configuration.layerNormEpsilon)])
  }

  private mutating func weights(_ name: String) -> Value {
    graph.weights(name, encoder.weights[name].shape.array) { [weights = encoder.weights] in weights[name].values }
  }

  private static func table(_ name: String) -> String { "bert.embeddings.\(name)_embeddings.weight" }
}

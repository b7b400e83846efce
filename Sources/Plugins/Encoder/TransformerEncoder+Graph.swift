import DistillCore

extension TransformerEncoder: ExportableEncoder {
  public func addNodes(
    to graph: inout ModelGraph
  ) throws -> (embedding: ModelGraph.Value, logits: ModelGraph.Value) {
    var parts = EncoderGraph(encoder: self, graph: graph)
    defer { graph = parts.graph }
    let embedding = pairs == .separate ? parts.separateEmbedding() : parts.jointEmbedding()
    return (embedding, parts.linear(embedding, parts.parameters.names.classifier))
  }
}

/// The nodes of an encoder. Sequences are padded at the end: B sequences of T tokens.
private struct EncoderGraph {
  typealias Value = ModelGraph.Value

  let encoder: TransformerEncoder
  var graph: ModelGraph
  private var configuration: EncoderConfiguration { encoder.configuration }

  let parameters: EncoderParameters
  private var names: WeightNames { parameters.names }

  init(encoder: TransformerEncoder, graph: ModelGraph) {
    (self.encoder, self.graph) = (encoder, graph)
    parameters = EncoderParameters(encoder.configuration.architecture)
  }

  // MARK: Readouts

  /// Returns the readout of the sequences as they are, [B, H].
  mutating func jointEmbedding() -> Value {
    var positions = self.positions(of: graph.inputIDs, mask: graph.attentionMask)
    if positions == nil {
      let length = graph.node("Shape", [graph.inputIDs], ["start": .integer(1), "end": .integer(2)])
      positions = graph.node("Slice", [base(names.positions), graph.list([0]), length, graph.list([0])])  // [T, H]
    }
    let types = configuration.readsTypes ? graph.node("Gather", [base(names.types), graph.tokenTypeIDs]) : firstType()
    return read(graph.inputIDs, mask: graph.attentionMask, added: [types, positions])
  }

  /// Returns the rows of the table of positions where these do not count padding: [B, T, H], or `nil` if they are numbered from 0.
  private mutating func positions(of ids: Value, mask: Value) -> Value? {
    guard case .afterPadding = configuration.architecture.positions else { return nil }
    let padding = graph.scalar(configuration.paddingID)
    let isPadding = graph.node("Cast", [graph.node("Equal", [ids, padding])], ["to": .integer(7)])  // int64
    let present = graph.node("Mul", [mask, graph.node("Sub", [graph.scalar(1), isPadding])])
    let counted = graph.node("CumSum", [present, graph.scalar(1)])
    let rows = graph.node("Add", [graph.node("Mul", [counted, present]), padding])
    return graph.node("Gather", [base(names.positions), rows])
  }

  /// Returns the row of the table of types for tokens of the type 0, [1, H], or `nil` if there is no table.
  private mutating func firstType() -> Value? {
    configuration.architecture.hasTypes ? graph.node("Gather", [base(names.types), graph.list([0])]) : nil
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
    let positions =
      self.positions(of: ids, mask: mask) ?? graph.node("Gather", [base(names.positions), indices(mask)])  // [B, T, H]
    return read(ids, mask: mask, added: [firstType(), positions])
  }

  /// Returns the index of each token among those that a mask leaves, [B, T].
  private mutating func indices(_ mask: Value) -> Value {
    let counted = graph.node("CumSum", [mask, graph.scalar(1)])
    return graph.node("Max", [graph.node("Sub", [counted, graph.scalar(1)]), graph.scalar(0)])
  }

  /// Returns the bias of attention, [B, A, T, T], or `nil` if there is none.
  private mutating func relativeBias(_ mask: Value) -> Value? {
    guard let bias = configuration.architecture.relativeBias, let rows = configuration.relativeRows else { return nil }
    let (name, heads) = (parameters.base(bias.weight), configuration.heads)
    let table = graph.weights(name + ".by_distance", [rows.count, heads]) { [weights = encoder.weights] in
      let values = weights[name].values
      return rows.flatMap { values[Int($0) * heads..<(Int($0) + 1) * heads] }
    }
    let index = indices(mask)
    let distances = graph.node(
      "Sub", [graph.node("Unsqueeze", [index, graph.list([1])]), graph.node("Unsqueeze", [index, graph.list([2])])])
    let places = graph.node("Add", [distances, graph.scalar(rows.count / 2)])  // [B, T, T]
    return graph.node("Transpose", [graph.node("Gather", [table, places])], ["perm": .integers([0, 3, 1, 2])])
  }

  /// Returns the readout of sequences, [B, H]. What is added to the words is of their shape, or repeated to it.
  private mutating func read(_ ids: Value, mask: Value, added: [Value?]) -> Value {
    let words = graph.node("Gather", [base(names.words), ids])  // [B, T, H]
    let sum = added.compactMap { $0 }.reduce(words) { graph.node("Add", [$0, $1]) }
    var states = norm(sum, parameters.base(names.embeddingNorm))
    if configuration.embeddingSize != configuration.hiddenSize {
      states = linear(states, parameters.base(names.projection))
    }
    let present = graph.node("Cast", [mask], ["to": .integer(1)])  // [B, T], float32
    // 0 for tokens and −1e30 for padding, whose exponential is 0.
    let absent = graph.node("Mul", [graph.node("Sub", [present, graph.scalar(Float(1))]), graph.scalar(Float(1e30))])
    var bias = graph.node("Unsqueeze", [absent, graph.list([1, 2])])  // [B, 1, 1, T]
    if let relative = relativeBias(mask) { bias = graph.node("Add", [relative, bias]) }
    for layer in 1...configuration.layers { states = apply(parameters.layer(layer), to: states, bias) }
    switch encoder.readout {
    case .cls: return classToken(states)
    case .pooler:
      let mapped = linear(classToken(states), names.pooler)
      switch configuration.architecture.headActivation {
      case .tanh: return graph.node("Tanh", [mapped])
      case .feedForward(let activation): return activated(mapped, by: activation)
      }
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
  ///   - bias: What is added to the scores of the attention, [B, 1, 1, T] or [B, A, T, T].
  private mutating func apply(_ prefix: String, to states: Value, _ bias: Value) -> Value {
    let width = configuration.hiddenSize / configuration.heads
    func heads(_ part: String, _ order: [Int]) -> Value {
      let projected = linear(states, prefix + part)
      let split = graph.node("Reshape", [projected, graph.list([0, 0, configuration.heads, width])])
      return graph.node("Transpose", [split], ["perm": .integers(order)])
    }
    let (queries, keys) = (heads(names.queries, [0, 2, 1, 3]), heads(names.keys, [0, 2, 3, 1]))
    let values = heads(names.values, [0, 2, 1, 3])  // [B, A, T, H/A]
    let scale = graph.scalar(1 / Float(width).squareRoot())
    let scores = graph.node("Mul", [graph.node("MatMul", [queries, keys]), scale])  // [B, A, T, T]
    let probabilities = graph.node("Softmax", [graph.node("Add", [scores, bias])], ["axis": .integer(-1)])
    let context = graph.node(
      "Transpose", [graph.node("MatMul", [probabilities, values])], ["perm": .integers([0, 2, 1, 3])])
    let joined = graph.node("Reshape", [context, graph.list([0, 0, configuration.hiddenSize])])

    let output = linear(joined, prefix + names.attentionOutput)
    let attended = norm(graph.node("Add", [output, states]), prefix + names.attentionNorm)
    let wide = linear(attended, prefix + names.wide)
    let narrow = linear(activated(wide, by: configuration.activation), prefix + names.narrow)
    return norm(graph.node("Add", [narrow, attended]), prefix + names.outputNorm)
  }

  private mutating func activated(_ x: Value, by activation: FeedForwardActivation) -> Value {
    func gate(_ bounded: Value) -> Value {  // ½·x·(1 + bounded)
      let half = graph.node("Mul", [x, graph.scalar(Float(0.5))])
      return graph.node("Mul", [half, graph.node("Add", [bounded, graph.scalar(Float(1))])])
    }
    switch activation {
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
  mutating func linear(_ x: Value, _ name: String) -> Value {
    let (weight, bias) = (name + ".weight", name + ".bias")
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

  /// Returns a weight that belongs to no layer and no head.
  private mutating func base(_ name: String) -> Value { weights(parameters.base(name)) }
}

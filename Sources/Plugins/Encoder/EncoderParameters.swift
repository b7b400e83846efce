import DistillCore

/// The parameters of an encoder with a sequence classification head, under their names in Hugging Face's files.
///
/// The parameters of queries, keys and values adjoin each other, so that a layer can calculate all three with one product.
struct EncoderParameters: Sendable {
  /// The architecture's own names.
  let names: WeightNames

  init(_ architecture: EncoderArchitecture) { names = architecture.weights }

  /// What the names of all layers begin with.
  var layers: String { names.prefix + names.layers }
  /// Returns the prefix of a layer's names. The names count layers from 0, and the argument counts from 1.
  func layer(_ layer: Int) -> String { layers + "\(layer - 1)." }
  /// Returns the name of a weight that belongs to no layer and no head.
  func base(_ name: String) -> String { names.prefix + name }
  /// The parts of attention, in the order in which they adjoin.
  var attention: [String] { [names.queries, names.keys, names.values] }
  var pooler: [String] { Self.dense(names.pooler) }
  var classifier: [String] { Self.dense(names.classifier) }

  /// Returns the names of the weight and the bias of a linear map.
  static func dense(_ name: String) -> [String] { [name + ".weight", name + ".bias"] }

  /// Returns the parameters of an encoder with this number of outputs, in the order of the file. Only the readout `pooler` has a
  /// pooler.
  static func definitions(
    _ c: EncoderConfiguration, _ readout: Readout, _ pairs: PairReading, outputs: Int
  ) -> [ParameterDefinition] {
    let (h, e, f) = (c.hiddenSize, c.embeddingSize, c.intermediateSize)
    let (own, names) = (EncoderParameters(c.architecture), c.architecture.weights)
    func matrix(_ name: String, _ rows: Int, _ columns: Int, adjoins: Bool = false) -> ParameterDefinition {
      ParameterDefinition(name, [rows, columns], decays: true, adjoins: adjoins)
    }
    func vector(_ name: String, _ count: Int, adjoins: Bool = false) -> ParameterDefinition {
      ParameterDefinition(name, [count], decays: false, adjoins: adjoins)
    }
    func norm(_ name: String, _ width: Int) -> [ParameterDefinition] {
      [vector(name + ".weight", width), vector(name + ".bias", width)]
    }
    func dense(_ name: String, _ outputs: Int, _ inputs: Int) -> [ParameterDefinition] {
      [matrix(name + ".weight", outputs, inputs), vector(name + ".bias", outputs)]
    }

    var all = [
      matrix(own.base(names.words), c.vocabularySize, e), matrix(own.base(names.positions), c.positionRows, e),
    ]
    if c.architecture.hasTypes { all.append(matrix(own.base(names.types), c.typeVocabularySize, e)) }
    all += norm(own.base(names.embeddingNorm), e)
    if e != h { all += dense(own.base(names.projection), h, e) }
    if let bias = c.architecture.relativeBias {
      all.append(ParameterDefinition(own.base(bias.weight), [bias.buckets, c.heads], decays: false))
    }
    for index in 1...c.layers {
      let p = own.layer(index)
      all += own.attention.enumerated().map { matrix(p + $1 + ".weight", h, h, adjoins: $0 > 0) }
      all += own.attention.enumerated().map { vector(p + $1 + ".bias", h, adjoins: $0 > 0) }
      all += dense(p + names.attentionOutput, h, h) + norm(p + names.attentionNorm, h)
      all += dense(p + names.wide, f, h)
      all += dense(p + names.narrow, h, f) + norm(p + names.outputNorm, h)
    }
    return all + (readout == .pooler ? dense(names.pooler, h, h) : [])
      + dense(names.classifier, outputs, pairs.parts * h)
  }

  /// Returns the initial values of a parameter, which are a function of its name and the key.
  ///
  /// Matrices contain normal numbers, the gains of layer norms are 1, and all other vectors are 0.
  static func initial(_ definition: ParameterDefinition, _ c: EncoderConfiguration, key: RandomKey) -> [Float] {
    let (name, shape) = (definition.name, definition.shape)
    if shape.rank == 2 {
      return Tensor(normal: shape, standardDeviation: c.initializerRange, key: key.child(name)).values
    }
    let names = c.architecture.weights
    let isGain = [names.embeddingNorm, names.attentionNorm, names.outputNorm].contains {
      name.hasSuffix($0 + ".weight")
    }
    return Array(repeating: isGain ? 1 : 0, count: shape.count)
  }
}

import DistillCore

/// The parameters of a BERT encoder with a sequence classification head, under their names in Hugging Face's files.
///
/// The parameters of queries, keys and values adjoin each other, so that a layer can calculate all three with one product.
enum BERTParameters {
  static let layers = "bert.encoder.layer."
  /// Returns the prefix of a layer's names. The names count layers from 0, and the argument counts from 1.
  static func layer(_ layer: Int) -> String { layers + "\(layer - 1)." }
  static let pooler = ["bert.pooler.dense.weight", "bert.pooler.dense.bias"]
  static let classifier = ["classifier.weight", "classifier.bias"]

  /// Returns the parameters of an encoder with this number of outputs, in the order of the file. Only the readout `pooler` has a
  /// pooler.
  static func definitions(
    _ c: BERTConfiguration, _ readout: Readout, _ pairs: PairReading, outputs: Int
  ) -> [ParameterDefinition] {
    let (h, f) = (c.hiddenSize, c.intermediateSize)
    func matrix(_ name: String, _ rows: Int, _ columns: Int, adjoins: Bool = false) -> ParameterDefinition {
      ParameterDefinition(name, [rows, columns], decays: true, adjoins: adjoins)
    }
    func vector(_ name: String, _ count: Int, adjoins: Bool = false) -> ParameterDefinition {
      ParameterDefinition(name, [count], decays: false, adjoins: adjoins)
    }
    func norm(_ name: String) -> [ParameterDefinition] { [vector(name + ".weight", h), vector(name + ".bias", h)] }
    func dense(_ name: String, _ outputs: Int, _ inputs: Int) -> [ParameterDefinition] {
      [matrix(name + ".weight", outputs, inputs), vector(name + ".bias", outputs)]
    }

    var all = [
      matrix("bert.embeddings.word_embeddings.weight", c.vocabularySize, h),
      matrix("bert.embeddings.position_embeddings.weight", c.maximumPositions, h),
      matrix("bert.embeddings.token_type_embeddings.weight", c.typeVocabularySize, h),
    ]
    all += norm("bert.embeddings.LayerNorm")
    for index in 1...c.layers {
      let p = layer(index)
      let attention = ["query", "key", "value"].map { p + "attention.self.\($0)" }
      all += attention.enumerated().map { matrix($1 + ".weight", h, h, adjoins: $0 > 0) }
      all += attention.enumerated().map { vector($1 + ".bias", h, adjoins: $0 > 0) }
      all += dense(p + "attention.output.dense", h, h) + norm(p + "attention.output.LayerNorm")
      all += dense(p + "intermediate.dense", f, h)
      all += dense(p + "output.dense", h, f) + norm(p + "output.LayerNorm")
    }
    return all + (readout == .pooler ? dense("bert.pooler.dense", h, h) : [])
      + dense("classifier", outputs, pairs.parts * h)
  }

  /// Returns the initial values of a parameter, which are a function of its name and the key.
  ///
  /// Matrices contain normal numbers, the gains of layer norms are 1, and all other vectors are 0.
  static func initial(_ definition: ParameterDefinition, _ c: BERTConfiguration, key: RandomKey) -> [Float] {
    let (name, shape) = (definition.name, definition.shape)
    if shape.rank == 2 {
      return Tensor(normal: shape, standardDeviation: c.initializerRange, key: key.child(name)).values
    }
    return Array(repeating: name.hasSuffix("LayerNorm.weight") ? 1 : 0, count: shape.count)
  }
}

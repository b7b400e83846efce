import DistillCore

/// A transformer layer: self-attention and a feed-forward block, each followed by a residual connection and a layer norm.
struct EncoderLayer: Sendable {
  /// The index, counted from 1.
  let index: Int
  private let configuration: EncoderConfiguration
  /// The weights of queries, keys and values as one matrix [3H, H], so that one product calculates all three.
  private let attentionWeight: ParameterPlace, attentionBias: ParameterPlace
  private let outputWeight: ParameterPlace, outputBias: ParameterPlace, outputGamma: ParameterPlace,
    outputBeta: ParameterPlace
  private let wideWeight: ParameterPlace, wideBias: ParameterPlace
  private let narrowWeight: ParameterPlace, narrowBias: ParameterPlace, narrowGamma: ParameterPlace,
    narrowBeta: ParameterPlace
  /// The layer norm that the states before the layer come from, or `nil` if they are a projection of embeddings.
  private let inputNorm: (gamma: ParameterPlace, beta: ParameterPlace)?

  init(_ index: Int, in layout: ParameterLayout, _ configuration: EncoderConfiguration) {
    (self.index, self.configuration) = (index, configuration)
    let (own, names) = (EncoderParameters(configuration.architecture), configuration.architecture.weights)
    let prefix = own.layer(index)
    attentionWeight = layout.joined(own.attention.map { prefix + $0 + ".weight" })
    attentionBias = layout.joined(own.attention.map { prefix + $0 + ".bias" })
    outputWeight = layout[prefix + names.attentionOutput + ".weight"]
    outputBias = layout[prefix + names.attentionOutput + ".bias"]
    outputGamma = layout[prefix + names.attentionNorm + ".weight"]
    outputBeta = layout[prefix + names.attentionNorm + ".bias"]
    wideWeight = layout[prefix + names.wide + ".weight"]
    wideBias = layout[prefix + names.wide + ".bias"]
    narrowWeight = layout[prefix + names.narrow + ".weight"]
    narrowBias = layout[prefix + names.narrow + ".bias"]
    narrowGamma = layout[prefix + names.outputNorm + ".weight"]
    narrowBeta = layout[prefix + names.outputNorm + ".bias"]
    let before = index == 1 ? own.base(names.embeddingNorm) : own.layer(index - 1) + names.outputNorm
    inputNorm =
      index == 1 && configuration.embeddingSize != configuration.hiddenSize
      ? nil : (layout[before + ".weight"], layout[before + ".bias"])
  }

  /// Maps states [N, H] to states [N, H], or to [B, H] if only the [CLS] rows are needed.
  ///
  /// Requested activations inside the attention are added to the response.
  func apply(
    _ x: Tensor, _ run: EncoderRun, classTokenOnly: Bool, _ activations: Set<Activation>, into response: inout Response
  ) -> Tensor {
    let (h, w) = (configuration.hiddenSize, run.weights)
    let offsets = run.batch.offsets
    func probabilityDropout(_ first: Int) -> Dropout {
      run.dropout(
        configuration.attentionDropout, layer: index, site: 0, firstIndex: configuration.heads * first)
    }
    let projections: [(Activation, Range<Int>)] = [
      (.queries(layer: index), 0..<h), (.keys(layer: index), h..<2 * h), (.values(layer: index), 2 * h..<3 * h),
    ].filter { activations.contains($0.0) }
    let readsInside = activations.contains(.attention(layer: index)) || !projections.isEmpty

    var context: Tensor
    // If nothing else is needed, attention is calculated for the queries of the [CLS] tokens only.
    if classTokenOnly && !readsInside && run.relativeBias == nil {
      context = classTokenAttention(
        x, weight: w(attentionWeight), bias: w(attentionBias), heads: configuration.heads, offsets: offsets,
        dropout: probabilityDropout(run.batch.firstToken))
    } else {
      let projected = linear(
        x, weight: w(attentionWeight), bias: w(attentionBias),
        after: inputNorm.map { LayerNormParameters(gamma: w($0.gamma), beta: w($0.beta)) })
      let layout = AttentionLayout(heads: configuration.heads, queryOffsets: offsets, keyOffsets: offsets)
      let probabilities: Tensor?
      (context, probabilities) = attention(
        queries: projected, keysAndValues: projected, width: h, layout: layout, relativeBias: run.relativeBias,
        dropout: probabilityDropout(run.batch.firstAttention),
        returningProbabilities: activations.contains(.attention(layer: index)))
      if let probabilities { response.set(.attention(layer: index), probabilities) }
      for (activation, columns) in projections { response.set(activation, projected.columns(columns)) }
      if classTokenOnly { context = context.gatheredRows(run.classTokenRows) }
    }
    let rows = classTokenOnly ? x.gatheredRows(run.classTokenRows) : x

    func hiddenDropout(_ site: Int) -> Dropout {
      run.dropout(configuration.hiddenDropout, layer: index, site: site, width: h, classTokenOnly: classTokenOnly)
    }
    let attended = layerNorm(
      linear(context, weight: w(outputWeight)), bias: w(outputBias), dropout: hiddenDropout(1), residual: rows,
      gamma: w(outputGamma), beta: w(outputBeta), epsilon: configuration.layerNormEpsilon)
    let norm = LayerNormParameters(gamma: w(outputGamma), beta: w(outputBeta))
    let wide = activate(
      linear(attended, weight: w(wideWeight), after: norm), bias: w(wideBias), with: configuration.activation)
    return layerNorm(
      linear(wide, weight: w(narrowWeight)), bias: w(narrowBias), dropout: hiddenDropout(2), residual: attended,
      gamma: w(narrowGamma), beta: w(narrowBeta), epsilon: configuration.layerNormEpsilon)
  }
}

/// Helpers for terms that compare the states of two layers, optionally through a learned linear map between their widths.
///
/// The map is a matrix W [H_teacher, H_student] without a bias. Each term has its own for each pair of layers. It is trained
/// with the student and is not exported.
extension ModelPair {
  /// Returns a declaration that a term reads one activation of both layers of a pair.
  ///
  /// - Parameters:
  ///   - state: Returns the activation of a layer, for example `Activation.hidden(layer:)`.
  ///   - layers: The pair of layers.
  ///   - anyWidth: Whether the term accepts different widths, either by itself or with a learned map.
  /// - Throws: ``WiringError`` if there is no teacher, or the widths are different and `anyWidth` is `false`.
  public func reads(
    _ state: (_ layer: Int) -> Activation, at layers: LayerPair?, anyWidth: Bool
  ) throws -> Reads {
    let teacher = try requireTeacher()
    guard let layers else { throw WiringError("compares layers, and was given no pair of them") }
    try teacher.check(state(layers.teacher), of: "teacher")
    guard anyWidth || teacher.width == student.width else {
      throw WiringError(
        "the teacher's layers have width \(teacher.width) and the student's \(student.width)", option: "project",
        hint: "`project: true` learns a linear map from \(student.width) to \(teacher.width)")
    }
    return Reads(teacher: [state(layers.teacher)], student: [state(layers.student)])
  }

  /// Returns the definition of the learned map for ``LossTerm/parameters(_:at:)``, or nothing if `project` is `false`.
  public func projection(if project: Bool) -> [ParameterDefinition] {
    guard project, let teacher else { return [] }
    return [ParameterDefinition("projection", [teacher.width, student.width], decays: true)]
  }
}

extension LossInputs {
  /// Returns one activation of both layers of the pair. The student's is multiplied by the learned map, x·Wᵀ, if the term has
  /// one.
  ///
  /// - Throws: ``ContractError`` if the term did not declare one of the activations.
  public func states(_ state: (_ layer: Int) -> Activation) throws -> (student: Tensor, teacher: Tensor) {
    guard let layers else { throw ContractError("a term on layers was given no pair of them") }
    let (own, teacher) = (try student[state(layers.student)], try teacher[state(layers.teacher)])
    guard let parameters, parameters.layout.contains("projection") else { return (own, teacher) }
    return (matmul(own, parameters["projection"].variable, transposeB: true), teacher)
  }
}

extension OptionVisitor {
  /// Declares the option `project`, so that the learned map has the same name in every term.
  public func projection(_ project: inout Bool) {
    self("project", &project, "Learn a linear map from the student's width to the teacher's; it is not exported.")
  }
}

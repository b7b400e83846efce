/// What terms on the states of mapped layers share: reading one activation of both layers, and a learnt map between widths.
///
/// The map is W [H_teacher, H_student], without a bias. It belongs to the term and the pair of layers: trained with the
/// student, not exported with it.
extension ModelPair {
  /// Reads one activation of both layers of a pair.
  /// - `anyWidth`: whether the term gets along with different widths, alone or by a learnt map.
  /// - Throws: ``WiringError`` without a teacher, and for different widths otherwise.
  public func reads(
    _ state: (_ layer: Int) -> Activation, at layers: LayerPair?, anyWidth: Bool
  ) throws -> Reads {
    let teacher = try requireTeacher()
    guard let layers else { throw WiringError("compares layers, and was given no pair of them") }
    guard anyWidth || teacher.width == student.width else {
      throw WiringError(
        "the teacher's layers have width \(teacher.width) and the student's \(student.width)", option: "project",
        hint: "`project: true` learns a linear map from \(student.width) to \(teacher.width)")
    }
    return Reads(teacher: [state(layers.teacher)], student: [state(layers.student)])
  }

  /// The learnt map's definition, for ``LossTerm/parameters(_:at:)``; nothing where the term does not ask for one.
  public func projection(if project: Bool) -> [ParameterDefinition] {
    guard project, let teacher else { return [] }
    return [ParameterDefinition("projection", [teacher.width, student.width], decays: true)]
  }
}

extension LossInputs {
  /// One activation of both layers of the pair, the student's through the learnt map x·Wᵀ where the term has one.
  /// - Throws: ``ContractError`` where an activation was not declared.
  public func states(_ state: (_ layer: Int) -> Activation) throws -> (student: Tensor, teacher: Tensor) {
    guard let layers else { throw ContractError("a term on layers was given no pair of them") }
    let (own, teacher) = (try student[state(layers.student)], try teacher[state(layers.teacher)])
    return (parameters.map { matmul(own, $0["projection"].variable, transposeB: true) } ?? own, teacher)
  }
}

extension OptionVisitor {
  /// The option `project`, which the learnt map goes by in every term.
  public func projection(_ project: inout Bool) {
    self("project", &project, "Learn a linear map from the student's width to the teacher's; it is not exported.")
  }
}

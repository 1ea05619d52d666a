from models.team18_parts import Part
